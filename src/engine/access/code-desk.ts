import { EngineError } from '../model/error';
import type { EventMap } from '../model/events';
import type { ChatContext, Role } from '../model/identity';
import type { Disposable } from '../model/ports';
import { type Actor, ENGINE, OWNER_AT_DESK } from '../model/record';
import type { CodeView } from '../model/views';
import { CODE_HASH_COST, generateCode, hashCode, strongRandom } from './codes';
import { CODE_TTL_MAX_MS, CODE_TTL_MIN_MS, codeTtlMs, effectiveMode } from './config';
import type { AccessDeps } from './deps';
import { CODE_MAX_TRIES, type CodeState, isLive } from './state';

export interface CodeRequest {
  readonly channel: string;
  readonly context: ChatContext;
  /** `member` when absent. */
  readonly role?: Role;
  /** The platform id of the only one who may use it. */
  readonly expectedSender?: string;
  /** 30 s … 1 h; the channel's setting when absent. */
  readonly ttlMs?: number;
}

/** The only time a code itself is seen. It is for the owner's screen, never for a channel, a record or a log. */
export interface IssuedCode {
  readonly codeId: string;
  readonly code: string;
  readonly expiresAt: number;
}

/** A live code, for the owner. */
export interface LiveCode extends CodeView {
  readonly wrongTriesLeft: number;
}

type EndReason = EventMap['access.code.ended']['reason'];

/** Each live code is one more chance for a guess, so there is a limit to them per channel and context. */
export const MAX_LIVE_CODES = 10;

/** Makes codes and ends them. */
export class CodeDesk implements Disposable {
  private readonly timers = new Map<string, Disposable>();

  constructor(private readonly deps: AccessDeps) {}

  /** Takes over the codes that are in the state after a start, so that their end is recorded when it comes. */
  start(): void {
    for (const code of Object.values(this.deps.state().codes)) this.watch(code.codeId);
  }

  dispose(): void {
    for (const timer of this.timers.values()) timer.dispose();
    this.timers.clear();
  }

  live(): readonly LiveCode[] {
    const now = this.deps.clock.now();
    return Object.values(this.deps.state().codes)
      .filter((code) => isLive(code, now))
      .map((code) => ({
        codeId: code.codeId,
        channel: code.channel,
        context: code.context,
        role: code.role,
        ...(code.expectedSender === undefined ? {} : { expectedSender: code.expectedSender }),
        issuedAt: code.issuedAt,
        expiresAt: code.expiresAt,
        wrongTries: code.wrongTries,
        wrongTriesLeft: CODE_MAX_TRIES - code.wrongTries,
        triedByCount: code.triedBy.length,
      }));
  }

  /** @throws EngineError when the place does not pair, the life is out of range or too many codes are open. */
  async issue(request: CodeRequest, by: Actor = OWNER_AT_DESK): Promise<IssuedCode> {
    const { channel, context, role = 'member', expectedSender } = request;
    const config = this.deps.config();
    const mode = effectiveMode(this.deps.state(), config, channel, context);
    if (mode !== 'pairing') {
      throw new EngineError(
        `Codes work only in pairing mode, and ${context} messages of ${channel} are in ${mode} mode. Switch the mode first.`,
      );
    }
    if (expectedSender !== undefined && expectedSender.trim() === '') {
      throw new EngineError(
        'The expected sender is empty. Give the platform id of the person, or leave it out.',
      );
    }
    const ttlMs = request.ttlMs ?? codeTtlMs(config, channel);
    checkTtl(ttlMs);
    const open = this.live().filter((code) => code.channel === channel && code.context === context);
    if (open.length >= MAX_LIVE_CODES) {
      throw new EngineError(
        `${open.length} codes are open here already. Cancel one, or wait until it has been used or has run out.`,
      );
    }
    const random = this.deps.random ?? strongRandom;
    const code = generateCode(random);
    const hashed = await hashCode(code, this.deps.codeCost ?? CODE_HASH_COST, random);
    const codeId = Buffer.from(random(8)).toString('hex');
    const expiresAt = this.deps.clock.now() + ttlMs;
    await this.deps.records.append({
      type: 'access.code.issued',
      actor: by,
      subject: channel,
      data: {
        codeId,
        channel,
        context,
        ...hashed,
        expiresAt,
        role,
        ...(expectedSender === undefined ? {} : { expectedSender }),
      },
    });
    this.watch(codeId);
    return { codeId, code, expiresAt };
  }

  /** The old code is dead before the new one is made; it has the same place, role, expected sender and life. */
  async rotate(codeId: string, by: Actor = OWNER_AT_DESK): Promise<IssuedCode> {
    const { channel, context, role, expectedSender } = this.find(codeId);
    await this.end(codeId, 'rotated', by);
    return this.issue(
      { channel, context, role, ...(expectedSender === undefined ? {} : { expectedSender }) },
      by,
    );
  }

  async cancel(codeId: string, by: Actor = OWNER_AT_DESK): Promise<void> {
    this.find(codeId);
    await this.end(codeId, 'cancelled', by);
  }

  /** Lets it live `ttlMs` from now. @throws EngineError when it is dead or would be older than an hour then. */
  async extend(codeId: string, ttlMs: number, by: Actor = OWNER_AT_DESK): Promise<void> {
    checkTtl(ttlMs);
    const code = this.find(codeId);
    const expiresAt = this.deps.clock.now() + ttlMs;
    if (expiresAt > code.issuedAt + CODE_TTL_MAX_MS) {
      throw new EngineError('A code lives at most an hour from when it was made. Make a new one instead.');
    }
    await this.deps.records.append({
      type: 'access.code.extended',
      actor: by,
      subject: code.channel,
      data: { codeId, expiresAt },
    });
    this.watch(codeId);
  }

  /** Ends every code of a channel, or of one context of it, or of all channels. */
  async cancelAll(channel?: string, context?: ChatContext, by: Actor = OWNER_AT_DESK): Promise<void> {
    const ending = Object.values(this.deps.state().codes).filter(
      (code) =>
        (channel === undefined || code.channel === channel) &&
        (context === undefined || code.context === context),
    );
    await Promise.all(ending.map((code) => this.end(code.codeId, 'cancelled', by)));
  }

  async end(codeId: string, reason: EndReason, by: Actor = ENGINE): Promise<void> {
    this.timers.get(codeId)?.dispose();
    this.timers.delete(codeId);
    await this.deps.records.append({
      type: 'access.code.ended',
      actor: by,
      subject: codeId,
      data: { codeId, reason },
    });
  }

  private find(codeId: string): CodeState {
    const codes = this.deps.state().codes;
    const code = Object.hasOwn(codes, codeId) ? codes[codeId] : undefined;
    if (!code || !isLive(code, this.deps.clock.now())) {
      throw new EngineError('This code is used, cancelled or out of time. Make a new one.');
    }
    return code;
  }

  private watch(codeId: string): void {
    this.timers.get(codeId)?.dispose();
    const code = this.deps.state().codes[codeId];
    if (!code) return;
    const timer = this.deps.clock.after(Math.max(0, code.expiresAt - this.deps.clock.now()), () => {
      this.timers.delete(codeId);
      // Dead by its time already: only the record of it can fail, and the next start writes that.
      if (this.deps.state().codes[codeId]) this.end(codeId, 'expired').catch(() => undefined);
    });
    this.timers.set(codeId, timer);
  }
}

function checkTtl(ttlMs: number): void {
  if (ttlMs >= CODE_TTL_MIN_MS && ttlMs <= CODE_TTL_MAX_MS) return;
  throw new EngineError('A code may live from 30 seconds to an hour. Choose a time in between.');
}
