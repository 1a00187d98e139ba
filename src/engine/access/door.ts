import { Emitter } from '../model/emitter';
import type { EventMap } from '../model/events';
import {
  conversationKey,
  type Identity,
  type IdentityKey,
  identityKey,
  type Principal,
  type Role,
  roleAtLeast,
} from '../model/identity';
import type { InboundMessage } from '../model/message';
import type { CodeDesk } from './code-desk';
import { type CodeAttempt, matchCode, parseCode } from './codes';
import { contextPolicy, STRANGER_WINDOW_DEFAULT_MS } from './config';
import { type AccessDeps, Serial } from './deps';
import { codesFor, gives, type OutReason, type Place, type Standing, standingOf } from './standing';
import {
  type AccessState,
  type AdmittedHow,
  CODE_MAX_TRIES,
  type CodeState,
  isLive,
  LOCK_AFTER_TRIES,
  TOLD_CHANNEL_MAX,
  TOLD_CHANNEL_WINDOW_MS,
  toldChannel,
  toldConversation,
  toldPerson,
} from './state';
import { cleanName, texts } from './texts';

export type SilenceReason = OutReason | 'bot' | 'self' | 'no-sender' | 'change' | 'window' | 'not-recorded';
export type ReplyReason = EventMap['access.prompted']['reason'] | 'welcome' | 'already';

/**
 * What becomes of a message at the door. Unless it is `principal`, its text may be a code: it is not to be
 * recorded, logged or handed on.
 */
export type Admission =
  | { readonly kind: 'principal'; readonly principal: Principal }
  | { readonly kind: 'silence'; readonly reason: SilenceReason }
  | { readonly kind: 'reply'; readonly text: string; readonly reason: ReplyReason };

/** Someone tried a code that does not work. For the owner to see as it happens. */
export interface WrongTry {
  readonly sender: IdentityKey;
  readonly channel: string;
  readonly context: Place['context'];
  readonly displayName: string;
  /** Until this identity is locked. */
  readonly triesLeft: number;
  /** When the identity is locked: until when, in milliseconds since the epoch. */
  readonly lockedUntil?: number;
  /** Codes that this try has brought to their end. */
  readonly codesEnded: readonly string[];
}

interface Visitor {
  readonly message: InboundMessage;
  readonly who: Identity;
  readonly key: IdentityKey;
  readonly place: Place;
  readonly name: string;
}

const silence = (reason: SilenceReason): Admission => ({ kind: 'silence', reason });

/** Decides about each message whether its sender may talk, and takes codes. */
export class Door {
  /** Whatever changes who is let in goes through here one by one, so that two cannot use one code. */
  private readonly serial = new Serial();
  private readonly wrongTries = new Emitter<WrongTry>();
  readonly onWrongTry = this.wrongTries.event;

  /** `blocked` are identities shut out in this process whose record is not, or could not be, written yet. */
  constructor(
    private readonly deps: AccessDeps,
    private readonly codes: CodeDesk,
    private readonly blocked: ReadonlySet<IdentityKey>,
  ) {}

  /** Never rejects: what cannot be recorded is not let in (law 4). */
  async admit(message: InboundMessage): Promise<Admission> {
    const refusal = unfit(message);
    if (refusal) return silence(refusal);
    const visitor = visit(message);
    try {
      const attempt = parseCode(message.text);
      if (attempt && this.policy(visitor).mode === 'pairing') {
        const answer = await this.serial.run(() => this.tryCode(visitor, attempt));
        if (answer) return answer;
      }
      return await this.enter(visitor);
    } catch {
      return silence('not-recorded');
    }
  }

  dispose(): void {
    this.wrongTries.dispose();
  }

  private policy({ place }: Visitor) {
    const { channel, context } = place;
    return contextPolicy(this.deps.state(), this.deps.config(), channel, context, conversationKey(place));
  }

  private standing(visitor: Visitor): Standing {
    if (this.blocked.has(visitor.key)) return { kind: 'out', reason: 'revoked' };
    return standingOf(this.deps.state(), this.deps.config(), visitor.who, visitor.place);
  }

  private async enter(visitor: Visitor): Promise<Admission> {
    const standing = this.standing(visitor);
    if (standing.kind === 'admitted') {
      const { role } = standing.user;
      const { requiredRole } = this.policy(visitor);
      if (!roleAtLeast(role, requiredRole)) {
        return this.serial.run(() => this.tell(visitor, 'role', texts.role(requiredRole, role)));
      }
      return { kind: 'principal', principal: principal(visitor, role) };
    }
    if (standing.kind === 'enter') {
      const entered = await this.serial.run(() => this.letIn(visitor));
      return entered ? this.enter(visitor) : silence('not-recorded');
    }
    if (standing.reason !== 'stranger' && standing.reason !== 'conversation') return silence(standing.reason);
    return this.serial.run(() => this.tell(visitor, 'pairing', texts.pairing(visitor.place.context)));
  }

  /** Records the admission that the mode gives. False when the record did not make it so. */
  private async letIn(visitor: Visitor): Promise<boolean> {
    const standing = this.standing(visitor);
    if (standing.kind !== 'enter') return standing.kind === 'admitted';
    await this.recordRoom(visitor, standing.how);
    // Who has a better claim than the mode keeps it: only the conversation was new.
    if (this.standing(visitor).kind === 'enter') {
      const { entryRole = 'member' } = this.deps.config();
      const known = this.deps.state().users[visitor.key];
      // Nobody becomes an approver without a code or the owner's own hand.
      const role = known?.status === 'active' ? known.role : entryRole === 'observer' ? entryRole : 'member';
      await this.recordPerson(visitor, role, standing.how);
    }
    return this.standing(visitor).kind === 'admitted';
  }

  private async tryCode(visitor: Visitor, attempt: CodeAttempt): Promise<Admission | undefined> {
    const { who, key, place } = visitor;
    const before = this.deps.state();
    const inside = this.standing(visitor).kind === 'admitted';
    const candidates = codesFor(before, who, place, this.deps.clock.now());
    const useful = candidates.filter((code) => gives(before, this.deps.config(), code, who, place));
    const lockedFor = (before.tries.entries[key]?.lockedUntil ?? 0) - this.deps.clock.now();
    if (lockedFor > 0 && (!inside || useful.length > 0)) {
      return this.tell(visitor, 'locked', texts.locked(lockedFor));
    }
    // What people who are let in say goes on record, so it is held against every code there is.
    const pool = inside ? this.allLive(before) : candidates;
    const matched = await matchCode(attempt.code, pool);

    // Hashing took time, in which the owner may have changed anything: from here on nothing is awaited
    // between looking and recording.
    const state = this.deps.state();
    if (this.blocked.has(key)) return silence('revoked');
    if (this.policy(visitor).mode !== 'pairing') return undefined;
    const code = matched === undefined ? undefined : state.codes[matched];
    if (code && isLive(code, this.deps.clock.now())) {
      const offered = useful.some(({ codeId }) => codeId === code.codeId);
      if (offered && gives(state, this.deps.config(), code, who, place)) return this.pair(visitor, code);
      if (inside) {
        await this.codes.end(code.codeId, candidates.includes(code) ? 'used' : 'cancelled');
        return { kind: 'reply', text: texts.already(), reason: 'already' };
      }
    }
    if (inside && useful.length === 0) {
      return attempt.explicit ? { kind: 'reply', text: texts.already(), reason: 'already' } : undefined;
    }
    const answer = await this.wrong(visitor, inside ? useful : candidates);
    return inside && !attempt.explicit ? undefined : answer;
  }

  private allLive(state: AccessState): CodeState[] {
    return Object.values(state.codes).filter((code) => isLive(code, this.deps.clock.now()));
  }

  private async pair(visitor: Visitor, code: CodeState): Promise<Admission> {
    const { key, place } = visitor;
    const state = this.deps.state();
    const known = state.users[key];
    const keeps = known?.status === 'active' && roleAtLeast(known.role, code.role);
    const role = keeps ? known.role : code.role;
    const newConversation = place.context !== 'dm' && !state.conversations[conversationKey(place)];
    const { codeId } = code;
    // The conversation first: admitting it lets nobody in, so a crash in between does no harm.
    await this.recordRoom(visitor, 'paired', codeId);
    await this.recordPerson(visitor, role, 'paired', codeId);
    // The record decides: a code that ran out, or a second use of it, admits nobody.
    if (this.deps.state().users[key]?.admissions[place.context]?.codeId !== codeId) {
      return silence('not-recorded');
    }
    // The admission has ended the code; this only says so in the audit.
    await this.codes.end(codeId, 'used').catch(() => undefined);
    return { kind: 'reply', text: texts.welcome(place.context, role, newConversation), reason: 'welcome' };
  }

  private async recordRoom({ key, place }: Visitor, how: AdmittedHow, codeId?: string): Promise<void> {
    const { channel, account, context } = place;
    const room = conversationKey(place);
    if (context === 'dm' || this.deps.state().conversations[room]) return;
    await this.deps.records.append({
      type: 'access.conversation.admitted',
      actor: key,
      subject: room,
      data: {
        conversation: room,
        channel,
        account,
        how,
        context,
        ...(codeId === undefined ? {} : { codeId }),
      },
    });
  }

  private async recordPerson(
    { key, place, name }: Visitor,
    role: Role,
    how: AdmittedHow,
    codeId?: string,
  ): Promise<void> {
    const { context } = place;
    const conversation = conversationKey(place);
    await this.deps.records.append({
      type: 'access.admitted',
      actor: key,
      subject: key,
      data: {
        user: key,
        displayName: name,
        role,
        how,
        context,
        conversation,
        ...(codeId === undefined ? {} : { codeId }),
      },
    });
  }

  private async wrong(visitor: Visitor, against: readonly CodeState[]): Promise<Admission> {
    const { key, place, name, message } = visitor;
    const { channel, context } = place;
    const codeIds = against.map((code) => code.codeId);
    await this.deps.records.append({
      type: 'access.attempt',
      actor: key,
      subject: key,
      data: {
        sender: key,
        channel,
        context,
        codeIds,
        displayName: name,
        conversation: conversationKey(place),
        platformId: message.platformId,
      },
    });
    const state = this.deps.state();
    const tries = state.tries.entries[key];
    const now = this.deps.clock.now();
    const lockedUntil = tries && tries.lockedUntil > now ? tries.lockedUntil : undefined;
    const codesEnded = codeIds.filter((id) => (state.codes[id]?.wrongTries ?? 0) >= CODE_MAX_TRIES);
    this.wrongTries.fire({
      sender: key,
      channel,
      context,
      displayName: name,
      triesLeft: lockedUntil ? 0 : LOCK_AFTER_TRIES - (tries?.wrong ?? 0),
      ...(lockedUntil === undefined ? {} : { lockedUntil }),
      codesEnded,
    });
    // Both hold already by the attempt's own record; these say so in the audit.
    for (const codeId of codesEnded) await this.codes.end(codeId, 'exhausted');
    if (lockedUntil !== undefined && tries) {
      await this.deps.records.append({
        type: 'access.locked',
        actor: key,
        subject: key,
        data: { sender: key, until: lockedUntil, level: tries.level },
      });
      return this.tell(visitor, 'locked', texts.locked(lockedUntil - now));
    }
    return this.tell(visitor, 'wrong-code', texts.wrongCode());
  }

  /**
   * Answers someone who is not let in: once a window for each person and, in a group, each conversation, the
   * window doubling each time; at most `TOLD_CHANNEL_MAX` a minute in a channel; never in public rooms, and
   * never those who were shut out. Recorded before it is said.
   */
  private async tell(
    visitor: Visitor,
    reason: EventMap['access.prompted']['reason'],
    text: string,
  ): Promise<Admission> {
    const { key, place, message } = visitor;
    const { channel, context } = place;
    const state = this.deps.state();
    const status = state.users[key]?.status;
    if (this.blocked.has(key) || status === 'revoked') return silence('revoked');
    if (status === 'suspended') return silence('suspended');
    const room = conversationKey(place);
    const keys = context === 'dm' ? [toldPerson(key)] : [toldPerson(key), toldConversation(room)];
    if (context === 'public' || keys.some((one) => this.waits(state, one)) || this.isBusy(state, channel)) {
      return silence('window');
    }
    await this.deps.records.append({
      type: 'access.prompted',
      actor: key,
      subject: key,
      data: { sender: key, channel, context, conversation: room, reason, platformId: message.platformId },
    });
    return { kind: 'reply', text, reason };
  }

  private waits(state: AccessState, key: string): boolean {
    const told = state.told.entries[key];
    const windowMs = this.deps.config().strangerWindowMs ?? STRANGER_WINDOW_DEFAULT_MS;
    return (
      told !== undefined && this.deps.clock.now() < told.at + windowMs * 2 ** Math.min(told.count - 1, 6)
    );
  }

  private isBusy(state: AccessState, channel: string): boolean {
    const told = state.told.entries[toldChannel(channel)];
    if (!told || this.deps.clock.now() - told.at > TOLD_CHANNEL_WINDOW_MS) return false;
    return told.count >= TOLD_CHANNEL_MAX;
  }
}

/** Why a message is not even looked at: it has no sender with an id, or comes from a bot or from us (ACC-6). */
function unfit(message: InboundMessage): SilenceReason | undefined {
  const { sender, account, channel, conversation } = message;
  const parts = [sender.id, account, channel, conversation];
  if (!parts.every(isId)) return 'no-sender';
  if (sender.isSelf || sender.id === account) return 'self';
  if (sender.isBot) return 'bot';
  return message.change ? 'change' : undefined;
}

/** Longer than any platform's ids; what is longer is not one. */
const ID_MAX = 512;

/** A lone surrogate has no percent-encoding, so it cannot be part of a key. */
function isId(part: string): boolean {
  return part.length <= ID_MAX && part.isWellFormed() && part.trim() !== '';
}

function visit(message: InboundMessage): Visitor {
  const { channel, account, conversation, context, sender } = message;
  const who: Identity = { channel, account, sender: sender.id };
  return {
    message,
    who,
    key: identityKey(who),
    place: { channel, account, conversation, context },
    name: cleanName(sender.displayName, sender.id),
  };
}

function principal({ key, who, name, place }: Visitor, role: Role): Principal {
  const { channel, account, conversation, context } = place;
  return {
    key,
    identity: who,
    displayName: name,
    role,
    context,
    conversation: { channel, account, conversation },
  };
}
