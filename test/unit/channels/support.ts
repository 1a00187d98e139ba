import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  AdapterContext,
  AdapterFactory,
  ChannelAdapter,
  ChannelDescriptor,
  ChannelNote,
} from '../../../src/channels/contract';
import { ChannelNetworks } from '../../../src/channels/manager/egress';
import { recordedPrograms } from '../../../src/channels/manager/programs';
import type { ChannelServices } from '../../../src/channels/manager/services';
import type { OpenWebhook, WebhookHandler, WebhookOptions } from '../../../src/channels/webhook-contract';
import type { ChannelState } from '../../../src/engine/model/events';
import type { Facts } from '../../../src/engine/model/facts';
import type { InboundMessage, OutboundMessage } from '../../../src/engine/model/message';
import { type BlobStore, type Clock, type Logger, systemClock } from '../../../src/engine/model/ports';
import type { ChannelFacts } from '../../../src/engine/model/posture';
import { OutgoingFiles, readChannelFile } from '../../../src/session/channel-files';
import { startProgram } from '../../../src/session/programs';
import { TestGate } from '../egress/gate';

/** What an adapter did, and the context that it did it in. */
export interface Watched {
  readonly context: AdapterContext;
  readonly received: InboundMessage[];
  readonly states: { state: ChannelState; detail: string }[];
  readonly logged: string[];
  readonly notes: ChannelNote[];
  /** All that was reported, merged. */
  facts(): Facts;
  /** Who is let in, as `account/sender` and `account/conversation`; what the adapter shuts out is taken off. */
  readonly known: Set<string>;
  readonly store: MemoryStore;
  /** The door that the adapter opened, for tests that play the platform. */
  door(): { options: WebhookOptions; handler: WebhookHandler } | undefined;
  /** Rejects the next `receive` calls, as a journal that cannot be written does. */
  failReceives(count: number): void;
}

/** A context with a real network behind the channel's own host list. */
export function watchedContext(
  descriptor: ChannelDescriptor,
  settings: Record<string, unknown>,
  secrets: Record<string, string | undefined>,
  clock: Clock = systemClock,
  more: { store?: MemoryStore; machine?: AdapterContext['machine'] } = {},
): Watched {
  const received: InboundMessage[] = [];
  const states: { state: ChannelState; detail: string }[] = [];
  const logged: string[] = [];
  const notes: ChannelNote[] = [];
  const known = new Set<string>();
  const store = more.store ?? new MemoryStore();
  const { fetch: limited, admit } = new ChannelNetworks(new TestGate().egress).of(descriptor, settings);
  let facts: Facts = {};
  let door: { options: WebhookOptions; handler: WebhookHandler } | undefined;
  let failures = 0;
  return {
    notes,
    facts: () => facts,
    known,
    store,
    door: () => door,
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
      renewSecret: async (name, value) => {
        secrets[name] = value;
      },
      report: (more) => {
        facts = { ...facts, ...more };
      },
      note: async (event) => void notes.push(event),
      people: {
        isKnown: (account, sender) => known.has(`${account}/${sender}`),
        suspend: async (account, sender) => void known.delete(`${account}/${sender}`),
        isOpen: (account, conversation) => known.has(`${account}/${conversation}`),
        closeConversation: async (account, conversation) => void known.delete(`${account}/${conversation}`),
      },
      store,
      machine: more.machine ?? NO_MACHINE,
      program: recordedPrograms(descriptor, settings, PROGRAMS, async (event) => void notes.push(event)),
      readFile: (path, limitBytes) =>
        readChannelFile((more.machine ?? NO_MACHINE).home, descriptor.folders ?? [], path, limitBytes),
      withFile,
      webhook: async (options, handler): Promise<OpenWebhook> => {
        door = { options, handler };
        return {
          url: 'https://public.example/hook',
          isPublic: true,
          close: async () => {
            door = undefined;
          },
        };
      },
      clock,
      log: collectingLogger(logged),
      fetch: limited,
      admit,
      random: () => 0,
    },
  };
}

export function collectingLogger(lines: string[]): Logger {
  const add = (text: string) => void lines.push(text);
  return { debug: add, info: add, warn: add, error: add };
}

/** Survives as long as the test, so that a second adapter can be given what a first one kept. */
export class MemoryStore implements BlobStore {
  readonly blobs = new Map<string, Uint8Array>();
  async load(name: string): Promise<Uint8Array | undefined> {
    return this.blobs.get(name);
  }
  async save(name: string, bytes: Uint8Array): Promise<void> {
    this.blobs.set(name, Uint8Array.from(bytes));
  }
  async clear(): Promise<void> {
    this.blobs.clear();
  }
}

/** A machine on which nothing can be looked at. */
const NO_MACHINE: AdapterContext['machine'] = {
  platform: 'linux',
  home: '/home/nobody',
  rightsOf: async () => undefined,
};

/** Starts programs as the session does. */
export const PROGRAMS: Pick<ChannelServices, 'program'> = {
  program: (path, args, heard) =>
    startProgram(
      { workspace: '/nowhere', env: process.env, home: tmpdir(), platform: process.platform },
      path,
      args,
      heard,
    ),
};

const withFile: AdapterContext['withFile'] = (name, bytes, use) =>
  new OutgoingFiles(join(tmpdir(), `cowork-outgoing-${randomUUID()}`)).with(name, bytes, use);

/** Services for managers whose channels need none. */
export function noServices(): ChannelServices {
  return {
    people: {
      isKnown: () => false,
      suspend: async () => {},
      isOpen: () => false,
      closeConversation: async () => {},
    },
    machine: NO_MACHINE,
    program: PROGRAMS.program,
    readFile: (folders, path, limitBytes) => readChannelFile(NO_MACHINE.home, folders, path, limitBytes),
    withFile,
    store: () => new MemoryStore(),
    webhook: () => Promise.reject(new Error('no webhook server in this test')),
  };
}

/** What the rules of a channel are given: one that is online and has nothing about it, but for `part`. */
export function channelFacts({ id, name }: ChannelDescriptor, part: Partial<ChannelFacts>): ChannelFacts {
  return {
    channel: id,
    name,
    profile: 'development',
    enabled: true,
    state: 'online',
    settings: {},
    modes: {},
    reported: {},
    secrets: [],
    users: 0,
    conversations: [],
    ...part,
  };
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

/**
 * Adapters of one channel, each disconnected after the test that made it. To be called in a `describe`, before the hook
 * that stops their platform.
 */
export function adaptersOf(descriptor: ChannelDescriptor, createAdapter: AdapterFactory) {
  const open: Pick<ChannelAdapter, 'disconnect'>[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((adapter) => adapter.disconnect()));
  });
  return {
    /** Those of this test so far; one that is added is disconnected with them. */
    get open() {
      return open;
    },
    make(
      settings: Record<string, unknown>,
      secrets: Record<string, string | undefined>,
      clock?: Clock,
      more?: Parameters<typeof watchedContext>[4],
    ) {
      const watched = watchedContext(descriptor, settings, secrets, clock, more);
      const adapter = createAdapter(watched.context);
      open.push(adapter);
      return { ...watched, adapter };
    },
  };
}
