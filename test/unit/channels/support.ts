import assert from 'node:assert/strict';
import type { AdapterContext, ChannelDescriptor } from '../../../src/channels/contract';
import { limitedFetch } from '../../../src/channels/manager/egress';
import type { ChannelState } from '../../../src/engine/model/events';
import type { InboundMessage, OutboundMessage } from '../../../src/engine/model/message';
import { type Clock, type Logger, type SecretStore, systemClock } from '../../../src/engine/model/ports';

/** What an adapter did, and the context that it did it in. */
export interface Watched {
  readonly context: AdapterContext;
  readonly received: InboundMessage[];
  readonly states: { state: ChannelState; detail: string }[];
  readonly logged: string[];
  /** Rejects the next `receive` calls, as a journal that cannot be written does. */
  failReceives(count: number): void;
}

/** A context with a real network behind the channel's own host list. */
export function watchedContext(
  descriptor: ChannelDescriptor,
  settings: Record<string, unknown>,
  secrets: Record<string, string | undefined>,
  clock: Clock = systemClock,
): Watched {
  const received: InboundMessage[] = [];
  const states: { state: ChannelState; detail: string }[] = [];
  const logged: string[] = [];
  let failures = 0;
  return {
    received,
    states,
    logged,
    failReceives: (count) => {
      failures = count;
    },
    context: {
      settings,
      secret: async (name) => secrets[name],
      receive: async (message) => {
        if (failures > 0) {
          failures -= 1;
          throw new Error('the journal cannot be written');
        }
        received.push(message);
      },
      state: (state, detail) => void states.push({ state, detail }),
      clock,
      log: collectingLogger(logged),
      fetch: limitedFetch(fetch, descriptor.hosts?.(settings) ?? []),
      random: () => 0,
    },
  };
}

export function collectingLogger(lines: string[]): Logger {
  const add = (text: string) => void lines.push(text);
  return { debug: add, info: add, warn: add, error: add };
}

export class MemorySecrets implements SecretStore {
  readonly values = new Map<string, string>();
  async get(name: string): Promise<string | undefined> {
    return this.values.get(name);
  }
  async set(name: string, value: string): Promise<void> {
    this.values.set(name, value);
  }
  async delete(name: string): Promise<void> {
    this.values.delete(name);
  }
  async names(): Promise<readonly string[]> {
    return [...this.values.keys()];
  }
}

/** Waits until the condition holds; the limit only ends a test that has failed already. */
export async function until(condition: () => boolean, what: string, limitMs = 10_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > end) assert.fail(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function outbound(
  part: Partial<OutboundMessage> & { channel: string; conversation: string },
): OutboundMessage {
  return { account: 'a', text: 'hello', format: 'text', ...part };
}
