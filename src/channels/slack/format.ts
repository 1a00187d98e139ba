import type { OutboundMessage, ReplyButton } from '../../engine/model/message';
import { richText } from '../rich';

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
  let line: TextElement[] = [];
  const endLine = () => {
    if (line.length > 0) parts.push(section(line));
    line = [];
  };
  for (const { kind, text } of richText(source, 'markdown')) {
    if (kind === 'block') {
      endLine();
      parts.push({ type: 'rich_text_preformatted', elements: [{ type: 'text', text }] });
    } else line.push({ type: 'text', text, ...(kind === 'code' ? { style: { code: true } } : {}) });
  }
  endLine();
  return parts;
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
