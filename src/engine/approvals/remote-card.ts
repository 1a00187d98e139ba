import { parseIdentityKey } from '../model/identity';
import type { ApprovalView } from '../model/views';

type Risk = ApprovalView['parts'][number]['risk'];
const RISKS: readonly Risk[] = ['none', 'low', 'medium', 'high'];

/** How much is at stake: the worst of the parts and of what happens to files. */
export function riskOf(view: ApprovalView): Risk {
  const all: Risk[] = view.parts.map(({ risk }) => risk);
  for (const { access } of view.files) {
    if (access !== 'read') all.push(access === 'delete' ? 'high' : 'low');
  }
  return all.reduce((worst, risk) => (RISKS.indexOf(risk) > RISKS.indexOf(worst) ? risk : worst), 'none');
}

/** Of the message that led to it; the action itself is never cut. */
const MESSAGE_SHOWN = 500;

/** The card as Markdown: the whole action, who, where, what it touches and why it asks. `answer` says how to. */
export function cardText(view: ApprovalView, answer: string): string {
  const { channel, sender } = parseIdentityKey(view.who.key);
  const place = { dm: 'a direct message', group: 'a group', public: 'a public room' }[view.where.context];
  const list = (head: string, items: readonly string[]): string[] =>
    items.length === 0 ? [] : [`${head}: ${items.map(visible).join(', ')}`];
  return [
    `Approval ${view.id}: ${visible(view.who.displayName)} (${view.who.role}, ${channel} id ${visible(sender)}) asks in ${place}.`,
    '',
    ...fenced(visible(view.action)),
    `In: ${visible(view.cwd)}`,
    `Where it runs: ${view.sandbox.label}${view.sandbox.isolated ? '' : ', not isolated'}`,
    ...list(
      'Files',
      view.files.map(({ path, access }) => `${access} ${path}`),
    ),
    ...list('Hosts', view.hosts),
    ...list('Variables it gets', view.envNames),
    `Risk: ${riskOf(view)}`,
    ...view.parts.map(
      ({ text, summary, risk, saferAlternative }) =>
        `- ${visible(text)}: ${visible(summary)} (${risk})${saferAlternative ? ` Safer: ${visible(saferAlternative)}` : ''}`,
    ),
    ...view.decision.reasons.map((reason) => `Why it asks: ${visible(reason)}`),
    ...list('Hidden or look-alike characters, shown as ⟨…⟩ where they are invisible', marks(view)),
    ...list('Untrusted content was read in this task', view.taint),
    ...(view.message === '' ? [] : ['The message:', ...quoted(view.message)]),
    '',
    'It allows this once, and nothing else.',
    answer,
  ].join('\n');
}

function marks({ marks }: ApprovalView): string[] {
  return marks.map(({ offset, name }) => `${name} at ${offset}`);
}

/** A fence that the text cannot close. */
function fenced(text: string): string[] {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return [fence, text, fence];
}

function quoted(message: string): string[] {
  const more = message.length - MESSAGE_SHOWN;
  const shown = more > 0 ? `${message.slice(0, MESSAGE_SHOWN)} (and ${more} characters more)` : message;
  return visible(shown)
    .split('\n')
    .map((line) => `> ${line}`);
}

/** Shows what would not be seen or would turn the text around, so that the card reads as what will run. */
export function visible(text: string): string {
  return text.replace(
    /[\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]|(?![\n\t])\p{Cc}/gu,
    (hidden) => `⟨U+${(hidden.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
  );
}
