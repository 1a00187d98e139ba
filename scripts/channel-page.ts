import * as z from 'zod';
import type { ChannelDescriptor, ChannelGuide } from '../src/channels/contract';
import type { ChannelRule } from '../src/engine/model/posture';

/** The page of a channel under docs/channels, from its folder. */
export function channelPage(
  descriptor: ChannelDescriptor,
  guide: ChannelGuide,
  rules: readonly ChannelRule[],
): string {
  const { id, name, summary, setup, links, secrets } = descriptor;
  const hosts = descriptor.hosts?.({}) ?? [];
  const blocks = [
    `# ${name}`,
    `<!-- Written by \`npm run generate\` from src/channels/${id}/descriptor.ts. -->`,
    wrap(summary),
    '## Set up',
    setup.map((step, index) => wrap(step, `${index + 1}. `)).join('\n'),
    'In VS Code, **Add Channel…** leads through these steps.',
    links.length === 0 ? '' : links.map(({ label, url }) => `- [${label}](${url})`).join('\n'),
    secrets.length === 0 ? '' : '## What you enter',
    secrets.map(({ label, help }) => wrap(`*${label}*: ${help}`, '- ')).join('\n'),
    '## What it hears',
    guide.hears.map((one) => wrap(one, '- ')).join('\n'),
    '## Settings',
    settingsTable(descriptor),
    '## What it can do, and what it may reach',
    wrap(guide.reach),
    hosts.length === 0
      ? ''
      : wrap(
          `Unless you set another address, the extension connects to ${hosts.map((host) => `\`${host}\``).join(', ')} for this channel and to no other host.`,
        ),
    '## Limits',
    limitsTable(descriptor, guide),
    rules.length === 0 ? '' : '## What the Checklist looks at',
    rules.map(({ title, why }) => wrap(`**${title}.** ${why}`, '- ')).join('\n'),
    guide.troubles.length === 0 ? '' : '## When it does not connect',
    table(
      ['it says', 'do'],
      guide.troubles.map((one) => [one.says, one.do]),
    ),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function settingsTable({ id, settings }: ChannelDescriptor): string {
  const schema = z.toJSONSchema(settings, { io: 'input', unrepresentable: 'any' });
  const defaults = settings.parse({}) as Record<string, unknown>;
  return table(
    ['setting', 'default', ''],
    Object.entries(schema.properties ?? {}).map(([name, field]) => [
      `\`cowork.channels.${id}.${name}\``,
      `\`${JSON.stringify(defaults[name])}\``,
      typeof field === 'boolean' ? '' : (field.description ?? ''),
    ]),
  );
}

function limitsTable(
  { capabilities, platforms, allowedModes }: ChannelDescriptor,
  guide: ChannelGuide,
): string {
  const { maxLength, fileBytes, buttons, edit, threads, typing } = capabilities;
  const rows = [
    [
      'length',
      `${maxLength} characters; longer replies are cut at paragraphs, lines or words, with code kept as code in each part`,
    ],
    ['files sent', fileBytes === 0 ? 'none' : `up to ${megabytes(fileBytes)} MB each`],
    ['approvals', buttons ? 'with buttons' : 'answered with the four characters that the message names'],
    ['progress', edit ? 'one message that is changed' : 'a message of its own at the end'],
    ['answers', threads ? 'linked to the question' : 'not linked to the question'],
    ...(typing ? [['typing', 'shown while a task runs']] : []),
    ...(platforms ? [['systems', platforms.join(', ')]] : []),
    ...(allowedModes ? [['access modes', allowedModes({}).join(', ')]] : []),
  ];
  // What the guide says of the same thing says more.
  const own = rows.filter(([what]) => !guide.limits.some((limit) => limit.what === what));
  return table(['', ''], [...own, ...guide.limits.map(({ what, is }) => [what, is])]);
}

/** Platforms count in either kind of megabyte; the number is theirs. */
function megabytes(bytes: number): number {
  const binary = bytes / 1024 / 1024;
  return Number.isInteger(binary) ? binary : Math.floor(bytes / 1_000_000);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** Lines of at most 120 characters; the first begins with `bullet`, the others are as far in. */
function wrap(text: string, bullet = ''): string {
  const lines: string[] = [];
  let line = bullet;
  // A command stays in one piece, to be copied.
  for (const word of text.match(/(?:[^\s`]|`[^`]*`)+/g) ?? []) {
    const next = line === bullet || line.trim() === '' ? `${line}${word}` : `${line} ${word}`;
    if (next.length > 120 && line.trim() !== '') {
      lines.push(line);
      line = `${' '.repeat(bullet.length)}${word}`;
    } else line = next;
  }
  return [...lines, line].join('\n');
}
