import { createHash } from 'node:crypto';
import { EngineError } from '../model/error';
import type { EventMap } from '../model/events';
import type { Clock, SecretStore } from '../model/ports';
import type { Projection } from '../model/projection';
import { type Actor, OWNER_AT_DESK, type RecordSink } from '../model/record';
import { type RandomBytes, strongRandom } from './codes';
import { Serial } from './deps';
import { LOCK_AFTER_TRIES, lockMs } from './state';
import { fromBase32, matchTotp, toBase32, totpUri } from './totp';

/** Who has a second factor, by holder: an identity key, or `desk`. No secret is here. */
export type StepUpState = Record<string, StepUpHolder>;

export interface StepUpHolder {
  enrolled: boolean;
  /** The last step whose code was used; it and all before are used up. */
  lastCounter: number;
  wrong: number;
  level: number;
  /** Milliseconds since the epoch. */
  lockedUntil: number;
}

/** Used steps and wrong tries outlast a restart, so a code is not good again after one. */
export const stepUpProjection: Projection<StepUpState> = {
  name: 'stepUp',
  version: 1,
  initial: () => ({}),
  reduce(state, record) {
    if (record.type !== 'secret.event' || record.data.holder === undefined) return;
    const { holder, event, counter } = record.data;
    const known = Object.hasOwn(state, holder) ? state[holder] : undefined;
    const one = known ?? { enrolled: false, lastCounter: 0, wrong: 0, level: 0, lockedUntil: 0 };
    state[holder] = one;
    one.lastCounter = Math.max(one.lastCounter, counter ?? 0);
    if (event === 'stored') one.enrolled = true;
    if (event === 'deleted') one.enrolled = false;
    if (event === 'stored' || event === 'checked') {
      one.wrong = 0;
      one.level = 0;
    }
    // One that was right once, and is only used again, is no guess.
    if (event === 'refused' && counter === undefined && ++one.wrong >= LOCK_AFTER_TRIES) {
      one.wrong = 0;
      one.level++;
      one.lockedUntil = record.at + lockMs(one.level);
    }
  },
};

export interface StepUpDeps {
  readonly records: RecordSink;
  readonly clock: Clock;
  readonly secrets: SecretStore;
  state(): StepUpState;
  readonly random?: RandomBytes;
}

export type StepUpAnswer =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly reason: 'not-enrolled' | 'wrong' | 'replayed' | 'locked' | 'not-recorded';
      /** One sentence for the person who sent the code. */
      readonly sentence: string;
    };

/** RFC 4226 asks for 128 bits at least and recommends 160. */
const SECRET_BYTES = 20;

/**
 * The second factor (RFC 6238) that a stolen phone with an open chat does not have, if its app is locked. A code
 * is good once; five wrong ones lock the holder for 15 minutes, then twice as long each time.
 */
export class StepUp {
  private readonly pending = new Map<string, Uint8Array>();
  private readonly serial = new Serial();

  constructor(private readonly deps: StepUpDeps) {}

  isEnrolled(holder: string): boolean {
    return this.holder(holder)?.enrolled === true;
  }

  /**
   * Makes a secret for the owner's screen: the address for the QR code, and the same as text. It counts only
   * when `confirm` has seen a code of it; another call makes another secret.
   */
  begin(holder: string, label: string): { uri: string; secret: string } {
    const secret = (this.deps.random ?? strongRandom)(SECRET_BYTES);
    this.pending.set(holder, secret);
    return { uri: totpUri(secret, label), secret: toBase32(secret) };
  }

  /** Keeps the secret in the vault once the app has shown a right code. @throws EngineError otherwise. */
  async confirm(holder: string, code: string, by: Actor = OWNER_AT_DESK): Promise<void> {
    const secret = this.pending.get(holder);
    if (!secret)
      throw new EngineError('Start with the QR code first, then enter the code that the app shows.');
    const counter = matchTotp(secret, normal(code), this.deps.clock.now());
    if (counter === undefined) {
      throw new EngineError(
        'That is not the code of the app now. Check that the phone has the right time, and try the next code.',
      );
    }
    await this.deps.secrets.set(secretName(holder), toBase32(secret));
    await this.record(holder, 'stored', 'second factor set up', by, counter);
    this.pending.delete(holder);
  }

  async remove(holder: string, by: Actor = OWNER_AT_DESK): Promise<void> {
    await this.record(holder, 'deleted', 'second factor removed', by);
    await this.deps.secrets.delete(secretName(holder));
    this.pending.delete(holder);
  }

  /** Checks a code and uses it up. Never rejects: what cannot be checked or recorded has not passed. */
  verify(holder: string, code: string, by: Actor = holder): Promise<StepUpAnswer> {
    return this.serial.run(async () => {
      try {
        return await this.check(holder, code, by);
      } catch {
        return refuse(
          'not-recorded',
          'The code could not be checked or recorded, so it does not count. Try again later.',
        );
      }
    });
  }

  private async check(holder: string, code: string, by: Actor): Promise<StepUpAnswer> {
    const now = this.deps.clock.now();
    const known = this.holder(holder);
    const text = known?.enrolled ? await this.deps.secrets.get(secretName(holder)) : undefined;
    if (!known || text === undefined) {
      return refuse(
        'not-enrolled',
        'No authenticator app is set up for you. The owner can do that in VS Code, under Users.',
      );
    }
    if (known.lockedUntil > now) {
      const minutes = Math.ceil((known.lockedUntil - now) / 60_000);
      return refuse('locked', `Too many wrong codes. None is looked at for ${minutes} more minutes.`);
    }
    const counter = matchTotp(fromBase32(text), normal(code), now);
    if (counter === undefined) {
      await this.record(holder, 'refused', 'wrong code', by);
      return refuse('wrong', 'That is not the code of your authenticator app now. Send the one it shows.');
    }
    if (counter <= known.lastCounter) {
      await this.record(holder, 'refused', 'code used again', by, counter);
      return refuse('replayed', 'That code has been used already. Wait for the next one.');
    }
    await this.record(holder, 'checked', 'code passed', by, counter);
    return { ok: true };
  }

  private holder(holder: string): StepUpHolder | undefined {
    const state = this.deps.state();
    return Object.hasOwn(state, holder) ? state[holder] : undefined;
  }

  private async record(
    holder: string,
    event: EventMap['secret.event']['event'],
    detail: string,
    by: Actor,
    counter?: number,
  ): Promise<void> {
    const name = secretName(holder);
    await this.deps.records.append({
      type: 'secret.event',
      actor: by,
      subject: holder,
      data: { name, event, detail, holder, ...(counter === undefined ? {} : { counter }) },
    });
  }
}

function refuse(reason: Extract<StepUpAnswer, { ok: false }>['reason'], sentence: string): StepUpAnswer {
  return { ok: false, reason, sentence };
}

/** Apps show `123 456`; people copy that. */
function normal(code: string): string {
  return code.length > 16 ? '' : code.replace(/\s/g, '');
}

/** A holder's key has characters that not every vault takes in a name. */
function secretName(holder: string): string {
  return `stepup/${createHash('sha256').update(holder).digest('hex').slice(0, 32)}`;
}
