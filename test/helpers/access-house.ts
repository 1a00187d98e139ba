import type { AccessConfig } from '../../src/engine/access/config';
import type { Admission } from '../../src/engine/access/door';
import { accessProjection } from '../../src/engine/access/projection';
import { AccessService } from '../../src/engine/access/service';
import type { ChatContext, IdentityKey } from '../../src/engine/model/identity';
import { identityKey } from '../../src/engine/model/identity';
import type { InboundMessage } from '../../src/engine/model/message';
import { ManualClock } from './manual-clock';
import { MemoryJournal } from './memory-journal';

let sent = 0;

export interface SaidOptions {
  readonly context?: ChatContext;
  readonly conversation?: string;
  readonly channel?: string;
  readonly account?: string;
  readonly name?: string;
  readonly isBot?: boolean;
  readonly isSelf?: boolean;
  readonly change?: 'edited' | 'deleted';
  readonly platformId?: string;
  readonly addressed?: boolean;
}

/** A message as an adapter would hand it over. */
export function said(sender: string, text: string, options: SaidOptions = {}): InboundMessage {
  const context = options.context ?? 'dm';
  return {
    channel: options.channel ?? 'telegram',
    account: options.account ?? 'bot1',
    conversation: options.conversation ?? (context === 'dm' ? `dm-${sender}` : 'room'),
    context,
    sender: {
      id: sender,
      displayName: options.name ?? `Name of ${sender}`,
      isBot: options.isBot ?? false,
      isSelf: options.isSelf ?? false,
    },
    text,
    attachments: [],
    platformId: options.platformId ?? `m${++sent}`,
    receivedAt: 0,
    addressed: options.addressed ?? true,
    ...(options.change ? { change: options.change } : {}),
  };
}

export function who(sender: string, channel = 'telegram', account = 'bot1'): IdentityKey {
  return identityKey({ channel, account, sender });
}

/** The access room with a journal in memory and a clock to turn. Codes are hashed cheaply. */
export class AccessHouse {
  readonly clock = new ManualClock();
  readonly journal: MemoryJournal;
  readonly state;
  service: AccessService;
  config: AccessConfig = {};

  constructor(
    options: { delay?: () => Promise<void>; random?: (count: number) => Uint8Array; cost?: number } = {},
  ) {
    this.journal = new MemoryJournal(this.clock, options.delay);
    this.state = this.journal.project(accessProjection);
    const make = (): AccessService =>
      new AccessService({
        records: this.journal,
        clock: this.clock,
        state: this.state,
        config: () => this.config,
        codeCost: options.cost ?? 1,
        ...(options.random ? { random: options.random } : {}),
      });
    this.make = make;
    this.service = make();
  }

  private readonly make: () => AccessService;

  /** As after a crash: nothing is left but the records. */
  restart(): void {
    this.service.dispose();
    this.journal.restart();
    this.service = this.make();
    this.service.start();
  }

  say(sender: string, text: string, options?: SaidOptions): Promise<Admission> {
    return this.service.admit(said(sender, text, options));
  }

  /** Pairs someone with a fresh code. */
  async pair(
    sender: string,
    options: SaidOptions & { role?: 'owner' | 'approver' | 'member' | 'observer' } = {},
  ): Promise<IdentityKey> {
    const { code } = await this.service.issueCode({
      channel: options.channel ?? 'telegram',
      context: options.context ?? 'dm',
      ...(options.role ? { role: options.role } : {}),
    });
    const answer = await this.say(sender, code, options);
    if (answer.kind !== 'reply' || answer.reason !== 'welcome') {
      throw new Error(`${sender} was not paired: ${JSON.stringify(answer)}`);
    }
    return who(sender, options.channel, options.account);
  }

  /** A code of the right form that is not `code`. */
  static wrong(code: string): string {
    return (code.startsWith('A') ? 'B' : 'A') + code.slice(1);
  }
}

/** `principal`, or the reason. */
export function outcome(admission: Admission): string {
  return admission.kind === 'principal' ? 'principal' : admission.reason;
}
