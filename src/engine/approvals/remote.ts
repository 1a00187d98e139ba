import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { CODE_ALPHABET, type RandomBytes, strongRandom } from '../access/codes';
import type { RemoteApprover } from '../access/people';
import type { StepUpAnswer } from '../access/step-up';
import { EngineError } from '../model/error';
import type { IdentityKey, Principal } from '../model/identity';
import type { OutboundMessage } from '../model/message';
import type { ApprovalView } from '../model/views';
import type { ApprovalOutcome, GrantChoice } from './approvals';
import { cardText, riskOf, visible } from './remote-card';

/** What is said to an approver. `recordAs` is the same without the one-time code, for the journal. */
export interface RemoteMessage extends OutboundMessage {
  readonly to: IdentityKey;
  readonly replyId: string;
  readonly recordAs: string;
  readonly taskId: string;
}

export interface RemoteDeps {
  readonly approvals: {
    approve(id: string, seenHash: string, choice: GrantChoice, by: IdentityKey): Promise<void>;
    deny(id: string, by: IdentityKey): Promise<void>;
  };
  readonly access: {
    approvers(): readonly RemoteApprover[];
    approver(key: IdentityKey): RemoteApprover | undefined;
  };
  readonly stepUp: {
    isEnrolled(holder: string): boolean;
    verify(holder: string, code: string): Promise<StepUpAnswer>;
  };
  /** Resolves once the message is on record. */
  say(message: RemoteMessage): Promise<void>;
  readonly random?: RandomBytes;
}

/** One card in one approver's direct conversation. */
interface Offer {
  readonly view: ApprovalView;
  readonly approver: RemoteApprover;
  readonly replyId: string;
  /** HMAC of the code: the code itself is in the message only. */
  readonly hash: Buffer;
  /** The platform's id of the card, when it is one message and has been sent. */
  platformId: string | undefined;
  wrong: number;
  /** Valid once: set before the answer is acted on. */
  used: boolean;
}

/** 32⁴ ≈ a million; with `WRONG_MAX` tries by someone who was sent the code anyway. */
const CODE_LENGTH = 4;
const WRONG_MAX = 3;
const HIDDEN = '····';

const NO_LONGER = 'You can no longer answer this approval. It is still open in VS Code.';

/** First words of tools that change who may do what: those are for the desk alone. */
const DESK_ONLY = new Set([
  'policy',
  'grant',
  'grants',
  'user',
  'users',
  'access',
  'secret',
  'secrets',
  'sandbox',
  'settings',
]);

const ANSWER =
  /^(?:\/?(approve|yes|deny|no)(?:@[A-Za-z0-9_]{1,64})?[ \t]+)?([A-HJ-NP-Z2-9]{4})(?:[ \t]+([0-9]{3} ?[0-9]{3}))?$/i;

/**
 * Approvals answered from a chat by people whom the owner has allowed that. A card goes to each of them in
 * their direct conversation with a code of its own; a tap or the code answers it, the first answer wins, and
 * everything is checked again when the answer comes.
 */
export class RemoteApprovals {
  private readonly offers = new Map<string, Offer[]>();
  private readonly key = randomBytes(32);

  constructor(private readonly deps: RemoteDeps) {}

  /** Sends the card to everyone who may answer it. What cannot be sent leaves the request to the others. */
  async offer(view: ApprovalView): Promise<void> {
    if (!isRemotable(view)) return;
    const approvers = this.deps.access.approvers().filter((approver) => this.mayAnswer(view, approver));
    await Promise.allSettled(approvers.map((approver) => this.send(view, approver)));
  }

  /** To be called when the platform has taken a message, so that the card can be changed later. */
  sent(replyId: string, platformIds: readonly string[]): void {
    for (const offers of this.offers.values()) {
      for (const offer of offers) {
        if (offer.replyId === replyId && platformIds.length === 1) offer.platformId = platformIds[0];
      }
    }
  }

  /** Shows on every card how it ended. Codes of it are void from here on. */
  async closed(id: string, outcome: ApprovalOutcome): Promise<void> {
    const offers = this.offers.get(id) ?? [];
    this.offers.delete(id);
    await Promise.allSettled(
      offers.map(({ view, approver, platformId, replyId }) => {
        const text = `Approval ${view.id} ${ending(outcome)}\n${visible(view.action)}`;
        return this.deps.say({
          ...approver.dm,
          to: approver.key,
          replyId: `${replyId}-end`,
          taskId: view.taskId,
          text,
          recordAs: text,
          format: 'text',
          ...(platformId === undefined ? {} : { edits: platformId }),
        });
      }),
    );
  }

  /**
   * Takes a message for an answer if it is one. Must be asked before the message is recorded or understood
   * otherwise; its text is then not to be recorded.
   * @returns what to reply, or undefined when it is not an answer.
   */
  async answer(principal: Principal, text: string): Promise<string | undefined> {
    const parsed = text.length > 128 ? null : ANSWER.exec(text.trim());
    const code = parsed?.[2];
    if (!code) return undefined;
    const mine = this.openOffers(principal.key);
    if (mine.length === 0) return undefined;
    const word = parsed[1]?.toLowerCase();
    const offer = this.match(mine, code.toUpperCase());
    if (principal.context !== 'dm') {
      return word || offer ? 'Approvals are answered in a direct message to the bot only.' : undefined;
    }
    // Four letters without a word before them may just be a word.
    if (!offer) return word ? this.miss(mine) : undefined;
    if (!this.stillMay(offer)) return NO_LONGER;
    const denies = word === 'deny' || word === 'no';
    if (!denies && this.needsStepUp(offer.view, principal.key)) {
      const second = parsed[3];
      if (!second) {
        return `This one is of high risk. Send ${code.toUpperCase()} and the six digits of your authenticator app, for instance ${code.toUpperCase()} 123456.`;
      }
      const passed = await this.deps.stepUp.verify(principal.key, second);
      if (!passed.ok) return passed.sentence;
      // Checking took time, in which the owner may have taken it from them.
      if (!this.stillMay(offer)) return NO_LONGER;
    }
    return this.resolve(offer, denies, principal.key);
  }

  private stillMay(offer: Offer): boolean {
    const approver = this.deps.access.approver(offer.approver.key);
    if (approver && this.mayAnswer(offer.view, approver)) return true;
    offer.used = true;
    return false;
  }

  private async resolve(offer: Offer, denies: boolean, by: IdentityKey): Promise<string> {
    if (offer.used) return 'This code has been used already.';
    offer.used = true;
    const { id, bindingHash } = offer.view;
    try {
      if (denies) await this.deps.approvals.deny(id, by);
      else await this.deps.approvals.approve(id, bindingHash, { scope: 'once' }, by);
    } catch (error) {
      if (error instanceof EngineError) return error.message;
      return 'The answer could not be recorded, so nothing was approved and nothing runs. Ask again once the owner has mended the record.';
    }
    return denies ? `${id} is denied.` : `${id} is approved, once.`;
  }

  private async send(view: ApprovalView, approver: RemoteApprover): Promise<void> {
    const random = this.deps.random ?? strongRandom;
    const code = [...random(CODE_LENGTH)].map((byte) => CODE_ALPHABET.charAt(byte & 31)).join('');
    const offer: Offer = {
      view,
      approver,
      replyId: `approval-${view.id}-${Buffer.from(random(6)).toString('hex')}`,
      hash: this.hash(code),
      platformId: undefined,
      wrong: 0,
      used: false,
    };
    this.offers.set(view.id, [...(this.offers.get(view.id) ?? []), offer]);
    const minutes = Math.max(1, Math.round((view.expiresAt - view.requestedAt) / 60_000));
    const second = this.needsStepUp(view, approver.key)
      ? ' and the six digits of your authenticator app'
      : '';
    const how = (shown: string): string =>
      `To approve, reply with ${shown}${second}. To refuse, reply with /deny ${shown}. It expires ${minutes} minutes after it was asked.`;
    await this.deps.say({
      ...approver.dm,
      to: approver.key,
      replyId: offer.replyId,
      taskId: view.taskId,
      text: cardText(view, how(code)),
      recordAs: cardText(view, how(HIDDEN)),
      format: 'markdown',
      buttons: [
        { label: 'Approve once', command: `/approve ${code}`, style: 'primary' },
        { label: 'Deny', command: `/deny ${code}`, style: 'danger' },
      ],
    });
  }

  /** Whether this approver may answer this request from a chat: not their own, unless the owner said so. */
  private mayAnswer(view: ApprovalView, approver: RemoteApprover): boolean {
    if (view.who.key === approver.key && !approver.ownRequests) return false;
    return !demandsStepUp(view) || this.deps.stepUp.isEnrolled(approver.key);
  }

  /** The policy's demand, or high risk and an approver who has a second factor. */
  private needsStepUp(view: ApprovalView, key: IdentityKey): boolean {
    return demandsStepUp(view) || (riskOf(view) === 'high' && this.deps.stepUp.isEnrolled(key));
  }

  private openOffers(key: IdentityKey): Offer[] {
    return [...this.offers.values()].flat().filter(({ approver, used }) => approver.key === key && !used);
  }

  /** Compares with every open offer of the sender, in constant time. */
  private match(offers: readonly Offer[], code: string): Offer | undefined {
    const given = this.hash(code);
    let matched: Offer | undefined;
    for (const offer of offers) if (timingSafeEqual(offer.hash, given)) matched = offer;
    return matched;
  }

  private miss(offers: readonly Offer[]): string {
    for (const offer of offers) if (++offer.wrong >= WRONG_MAX) offer.used = true;
    const left = offers.some(({ used }) => !used);
    return left
      ? 'That code does not belong to an open approval of yours. Nothing was approved or denied.'
      : 'Too many wrong codes. Your open approvals can be answered in VS Code only.';
  }

  private hash(code: string): Buffer {
    return createHmac('sha256', this.key).update(code).digest();
  }
}

/** False for what changes the rules themselves. */
function isRemotable(view: ApprovalView): boolean {
  return !DESK_ONLY.has(view.tool.split(/[.\-_:/]/)[0]?.toLowerCase() ?? '');
}

function demandsStepUp(view: ApprovalView): boolean {
  return view.decision.obligations.some(({ kind }) => kind === 'step-up');
}

function ending(outcome: ApprovalOutcome): string {
  switch (outcome.outcome) {
    case 'approved':
      return `was approved${outcome.by === 'desk' ? ' in VS Code' : ' from a chat'}.`;
    case 'denied':
      return `was denied${outcome.by === 'desk' ? ' in VS Code' : ' from a chat'}.`;
    case 'expired':
      return 'has expired; nothing ran.';
    case 'withdrawn':
      return `was withdrawn: ${outcome.reason}.`;
  }
}
