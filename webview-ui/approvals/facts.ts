import type { ApprovalCard, Forecast } from '../../src/views/protocol/approvals';
import { t } from '../../src/views/protocol/l10n';
import { markNames } from '../../src/views/protocol/marks';
import { contextWord, roleWord } from '../../src/views/protocol/words';
import { button } from '../components';
import { append, type Child, el, markedNodes, untrusted } from '../dom';
import { icon } from '../icons';
import { tokensOf } from './tokens';
import { accessWord, riskIcon, riskText } from './words';

/** The whole action: wrapped, never cut, left to right whatever it is written in. */
export function actionBlock(card: ApprovalCard): HTMLElement {
  const block = el('pre', {
    class: 'action',
    dir: 'ltr',
    tabindex: '0',
    role: 'group',
    'aria-label': t('The complete action'),
  });
  let at = 0;
  for (const { kind, text } of tokensOf(card.tool, card.action)) {
    const start = at;
    at += text.length;
    const marks = card.marks
      .filter(({ offset }) => offset >= start && offset < at)
      .map((mark) => ({ ...mark, offset: mark.offset - start }));
    const nodes = markedNodes(text, marks);
    append(block, kind === 'plain' ? nodes : [el('span', { class: `token ${kind}` }, ...nodes)]);
  }
  return block;
}

/** Which characters of the action are not what they seem. */
export function markWarning(card: ApprovalCard): HTMLElement | undefined {
  const names = markNames(card.action, card.marks);
  if (names.length === 0) return undefined;
  return note('warning', 'warn', t('Marked in the action: {0}', names.join(', ')));
}

function note(picture: 'warning' | 'info', tone: string, text: string): HTMLElement {
  return el('p', { class: `note ${tone}` }, icon(picture), el('span', {}, text));
}

/** What each part of the action does, as the analysis understood it. */
export function parts(card: ApprovalCard): HTMLElement | undefined {
  if (card.parts.length === 0) return undefined;
  const list = el('ul', { class: 'parts', 'aria-label': t('What it does') });
  for (const part of card.parts) {
    list.append(
      el(
        'li',
        { class: `part ${part.risk}` },
        icon(riskIcon(part.risk)),
        el(
          'div',
          {},
          el(
            'div',
            {},
            el('span', { class: 'risk-word' }, riskText(part.risk)),
            ' ',
            untrusted(part.summary),
          ),
          card.parts.length > 1 && el('code', { class: 'part-text', dir: 'ltr' }, untrusted(part.text)),
          part.explanation !== undefined && el('div', { class: 'quiet' }, untrusted(part.explanation)),
          part.saferAlternative !== undefined &&
            el('div', {}, `${t('Safer:')} `, el('code', { dir: 'ltr' }, untrusted(part.saferAlternative))),
        ),
      ),
    );
  }
  return list;
}

function row(list: HTMLElement, term: string, ...children: readonly Child[]): void {
  list.append(el('dt', {}, term), el('dd', {}, ...children));
}

function mono(text: string): HTMLElement {
  return el('code', { dir: 'ltr' }, untrusted(text));
}

function lines(items: readonly Node[]): HTMLElement {
  const list = el('ul', { class: 'lines' });
  for (const item of items) list.append(el('li', {}, item));
  return list;
}

/** Everything else that a person needs to decide: what it touches, who asks, from where, and why it asks. */
export function facts(card: ApprovalCard, openAudit: () => void): HTMLElement {
  const list = el('dl', { class: 'facts' });
  row(list, t('Folder'), mono(card.cwd));
  if (card.files.length > 0) {
    row(
      list,
      t('Files'),
      lines(
        card.files.map(({ path, access }) =>
          el('span', {}, el('span', { class: `access ${access}` }, accessWord(access)), ' ', mono(path)),
        ),
      ),
    );
  }
  if (card.hosts.length > 0) row(list, t('Contacts'), lines(card.hosts.map(mono)));
  if (card.touches !== undefined) {
    row(
      list,
      t('Would touch'),
      lines(card.touches.lines.map((line) => untrusted(line))),
      !card.touches.complete &&
        note('info', 'quiet', t('There may be more: it could not be looked at completely in time.')),
    );
  }
  row(
    list,
    t('Runs in'),
    untrusted(card.sandbox.label),
    !card.sandbox.isolated && note('warning', 'warn', t('Not isolated: it can reach what you can reach.')),
  );
  row(
    list,
    t('Asked by'),
    untrusted(card.who.displayName),
    ` (${roleWord(card.who.role)}) · `,
    t('id'),
    ' ',
    mono(card.who.sender),
  );
  row(
    list,
    t('Where'),
    untrusted(card.where.channel),
    `, ${contextWord(card.where.context)} `,
    mono(card.where.conversation),
  );
  row(list, t('Message'), el('blockquote', { class: 'message', dir: 'auto' }, ...markedNodes(card.message)));
  if (card.taint.length > 0) {
    row(
      list,
      t('Read before'),
      note('warning', 'warn', t('Untrusted content was read in this task:')),
      lines(card.taint.map((name) => untrusted(name))),
      button({ label: t('Show in Audit'), className: 'link', onPress: openAudit }).element,
    );
  }
  row(
    list,
    t('Why it asks'),
    lines(card.why.reasons.map((reason) => untrusted(reason))),
    el('span', { class: 'quiet' }, untrusted(`${card.why.layer}: ${card.why.ruleId}`)),
    why(card),
  );
  if (card.envNames.length > 0) row(list, t('Environment'), mono(card.envNames.join(', ')));
  return list;
}

/** What each layer said, and what would alter the decision; folded, since the reasons above are enough for most. */
function why({ why: { layers, alter } }: ApprovalCard): HTMLElement | undefined {
  if (layers.length === 0 && alter.length === 0) return undefined;
  return el(
    'details',
    {},
    el('summary', {}, t('Why? What each layer said')),
    lines(
      layers.map(({ layer, effect, ruleId, reason }) =>
        el(
          'span',
          {},
          untrusted(reason),
          ' ',
          el('span', { class: 'quiet' }, untrusted(`${layer}: ${effect}, ${ruleId}`)),
        ),
      ),
    ),
    alter.length > 0 && el('div', { class: 'quiet' }, t('What would alter it')),
    lines(alter.map((sentence) => untrusted(sentence))),
  );
}

/** What a choice would have let through without asking, in the past days. */
export function outlook({ days, wouldAutoRun, examples }: Forecast): readonly HTMLElement[] {
  if (wouldAutoRun === 0)
    return [
      el('p', { class: 'quiet' }, t('In the last {0} days this would have run nothing by itself.', days)),
    ];
  const summary =
    wouldAutoRun === 1
      ? t('In the last {0} days this would have run 1 action without asking.', days)
      : t('In the last {0} days this would have run {1} actions without asking.', days, wouldAutoRun);
  return [el('details', {}, el('summary', {}, summary), lines(examples.map(mono)))];
}
