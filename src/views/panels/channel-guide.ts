import * as vscode from 'vscode';
import { Disposables } from '../lifecycle';
import type { ChannelsPort, ChannelViewItem } from '../ports';
import { t, translated } from '../protocol/l10n';

const SCHEME = 'cowork-guide';

/** The setup guide of a channel as a page beside the editor: it stays while the person works through it. */
export class ChannelGuides extends Disposables {
  constructor(private readonly channels: ChannelsPort) {
    super();
    this.register(
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
        provideTextDocumentContent: (uri) => {
          const id = uri.path.replace(/^\/|\.md$/g, '');
          const channel = this.channels.list().find((item) => item.id === id);
          return channel === undefined ? '' : guideText(channel);
        },
      }),
    );
  }

  async show(channel: ChannelViewItem): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${channel.id}.md` });
    await vscode.commands.executeCommand('markdown.showPreviewToSide', uri);
  }
}

/** What a person reads while they set a channel up. All of it is the product's own text. */
export function guideText(channel: ChannelViewItem): string {
  const { name, summary, setup, secrets, links } = channel;
  const steps = setup.map((step, index) => `${index + 1}. ${plain(translated(step))}`);
  const blocks = [
    `# ${t('Setting up {0}', name)}`,
    plain(translated(summary)),
    steps.join('\n'),
    ...section(
      t('What you enter'),
      secrets.map(({ label, help }) => `- **${plain(translated(label))}**: ${plain(translated(help))}`),
    ),
    ...section(
      t('The platform’s pages'),
      links.map(({ label, url }) => `- [${plain(translated(label))}](${url})`),
    ),
    t(
      'What it hears, what it may reach, its limits and its troubles are under *Open Page or Documentation*.',
    ),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`## ${title}`, lines.join('\n')];
}

/** Text that is no markup: names of settings keep their dots, nothing becomes a tag or emphasis; code stays code. */
function plain(text: string): string {
  const escaped = (run: string) => run.replace(/[\\`*_[\]<>]/g, '\\$&');
  const runs = text.split(/(`[^`\n]+`)/).map((run, at) => (at % 2 === 1 ? run : escaped(run)));
  return runs.join('').replace(/^(\d+)\./, '$1\\.');
}
