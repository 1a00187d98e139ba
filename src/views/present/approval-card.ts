import type { ActionPart, ApprovalView } from '../../engine/api';
import { parseIdentityKey } from '../../engine/model/identity';
import type { ApprovalCard, Risk } from '../protocol/approvals';
import { t } from '../protocol/l10n';
import { markNames } from '../protocol/marks';
import { proposedFile } from './proposal';
import { touchLines } from './touches';

const RISKS: readonly Risk[] = ['none', 'low', 'medium', 'high'];

/** Longer than this, an action does not fit on a screen: it must have been scrolled to its end. */
const LONG_ACTION_CHARACTERS = 4000;

function highest(parts: readonly ActionPart[]): Risk {
  return RISKS[Math.max(0, ...parts.map((part) => RISKS.indexOf(part.risk)))] ?? 'high';
}

/** Why one click is not enough for this one. */
function cautions(view: ApprovalView): string[] {
  const result: string[] = [];
  if (highest(view.parts) === 'high') result.push(t('A part of this action is high risk.'));
  if (view.marks.length > 0 || markNames(view.action).length > 0) {
    result.push(
      t('The action contains characters that are invisible, change direction or look like others.'),
    );
  }
  if (view.taint.length > 0)
    result.push(t('Untrusted content was read in this task before the request was made.'));
  if (view.action.length > LONG_ACTION_CHARACTERS) {
    result.push(t('The action is {0} characters long. Read it to its end first.', view.action.length));
  }
  return result;
}

function senderOf(key: string): string {
  try {
    return parseIdentityKey(key).sender;
  } catch {
    return key;
  }
}

/** The request as its page needs it: plain JSON, nothing cut, nothing formatted as markup. */
export function toCard(view: ApprovalView): ApprovalCard {
  return {
    id: view.id,
    bindingHash: view.bindingHash,
    taskId: view.taskId,
    requestedAt: view.requestedAt,
    expiresAt: view.expiresAt,
    who: {
      key: view.who.key,
      sender: senderOf(view.who.key),
      displayName: view.who.displayName,
      role: view.who.role,
    },
    where: {
      channel: view.where.channel,
      account: view.where.account,
      conversation: view.where.conversation,
      context: view.where.context,
    },
    message: view.message,
    tool: view.tool,
    action: view.action,
    cwd: view.cwd,
    envNames: [...view.envNames],
    files: view.files.map((file) => ({ path: file.path, access: file.access })),
    hosts: [...view.hosts],
    parts: view.parts.map((part) => ({ ...part })),
    marks: view.marks.map((mark) => ({ ...mark })),
    taint: [...view.taint],
    why: {
      layer: view.decision.layer,
      ruleId: view.decision.ruleId,
      reasons: [...view.decision.reasons],
      layers: view.decision.verdicts.map(({ layer, effect, ruleId, reason }) => ({
        layer,
        effect,
        ruleId,
        reason,
      })),
      alter: [view.alter?.now, view.alter?.standing].filter((text) => text !== undefined),
    },
    ...(view.blast === undefined
      ? {}
      : { touches: { lines: touchLines(view.blast), complete: view.blast.complete } }),
    comparable: proposedFile(view) !== undefined,
    sandbox: { label: view.sandbox.label, isolated: view.sandbox.isolated },
    scopes: view.scopes.map((scope) => ({ ...scope })),
    risk: highest(view.parts),
    cautions: cautions(view),
  };
}

/** One sentence on what is asked, for the notification and the quick pick. */
export function intentText(tool: string, name: string): string {
  switch (tool) {
    case 'run':
      return t('{0} wants to run a command', name);
    case 'read':
      return t('{0} wants to read a file', name);
    case 'write':
    case 'edit':
      return t('{0} wants to change a file', name);
    case 'list':
      return t('{0} wants to list a folder', name);
    case 'search':
      return t('{0} wants to search the files', name);
    default:
      return t('{0} wants to use the tool {1}', name, tool);
  }
}
