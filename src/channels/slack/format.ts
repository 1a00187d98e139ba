import type { OutboundMessage, ReplyButton } from '../../engine/model/message';

/** As much of Slack's rich text as is used: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block */
interface TextElement {
  readonly type: 'text';
  readonly text: string;
  readonly style?: { readonly code: true };
}
export type SlackBlock =
  | {
      readonly type: 'rich_text';
      readonly elements: readonly {
        readonly type: 'rich_text_section' | 'rich_text_preformatted';
        readonly elements: readonly TextElement[];
      }[];
    }
  | { readonly type: 'actions'; readonly elements: readonly SlackButton[] };

interface SlackButton {
  readonly type: 'button';
  readonly action_id: string;
  readonly text: { readonly type: 'plain_text'; readonly text: string };
  readonly value: string;
  readonly style?: 'primary' | 'danger';
}

/** https://docs.slack.dev/reference/block-kit/block-elements/button-element */
const LABEL_CAP = 75;
const VALUE_CAP = 2_000;
const NOTHING = '(empty)';
const FENCE = /^ {0,3}(`{3,}|~{3,})([^`]*)$/;

/**
 * Text as rich-text elements. Slack reads no markup, mention or link in those, so there is nothing to escape and
 * nothing that a command's output could inject. Fenced blocks become preformatted, `inline code` becomes code.
 */
export function blocksOf(
  source: string,
  format: OutboundMessage['format'],
  buttons: readonly ReplyButton[],
): SlackBlock[] {
  const text = source.trim() === '' ? NOTHING : source;
  const parts = format === 'markdown' ? markdown(text) : [section([{ type: 'text', text }])];
  const filled = parts.length > 0 ? parts : [section([{ type: 'text', text: NOTHING }])];
  const blocks: SlackBlock[] = [{ type: 'rich_text', elements: filled }];
  const fitting = buttons.filter(({ command }) => command.length <= VALUE_CAP);
  if (fitting.length > 0) blocks.push({ type: 'actions', elements: fitting.map(button) });
  return blocks;
}

/** For notifications, where blocks are not shown. Slack takes `&`, `<` and `>` for markup there. */
export function plainOf(source: string): string {
  const text = source.trim() === '' ? NOTHING : source;
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

type Part = Extract<SlackBlock, { type: 'rich_text' }>['elements'][number];

function section(elements: readonly TextElement[]): Part {
  return { type: 'rich_text_section', elements };
}

function markdown(source: string): Part[] {
  const parts: Part[] = [];
  let prose: string[] = [];
  let code: string[] = [];
  let fence: string | undefined;
  const endProse = () => {
    const text = prose.join('\n');
    if (text !== '') parts.push(section(inlineCode(text)));
    prose = [];
  };
  const endCode = () => {
    const text = code.join('\n');
    if (text !== '') parts.push({ type: 'rich_text_preformatted', elements: [{ type: 'text', text }] });
    code = [];
    fence = undefined;
  };
  for (const line of source.split('\n')) {
    const mark = FENCE.exec(line);
    if (fence === undefined && mark) {
      endProse();
      fence = mark[1] ?? '```';
    } else if (fence !== undefined && mark?.[1]?.startsWith(fence) && mark[2]?.trim() === '') endCode();
    else if (fence !== undefined) code.push(line);
    else prose.push(line);
  }
  endProse();
  endCode();
  return parts;
}

/** Backticks in pairs on one line make code; others stay as they were written. */
function inlineCode(text: string): TextElement[] {
  const elements: TextElement[] = [];
  let plain = '';
  for (const [, code, other] of text.matchAll(/`([^`\n]+)`|([^`]+|`)/g)) {
    if (code === undefined) {
      plain += other ?? '';
      continue;
    }
    if (plain !== '') elements.push({ type: 'text', text: plain });
    plain = '';
    elements.push({ type: 'text', text: code, style: { code: true } });
  }
  if (plain !== '') elements.push({ type: 'text', text: plain });
  return elements;
}

function button({ label, command, style }: ReplyButton, index: number): SlackButton {
  return {
    type: 'button',
    action_id: `cowork-${index}`,
    text: { type: 'plain_text', text: label.slice(0, LABEL_CAP) },
    value: command,
    ...(style === 'plain' ? {} : { style }),
  };
}
