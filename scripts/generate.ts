// Writes what follows from the channels' descriptors, so that a new channel is a folder and nothing else:
// the list of channels, the rules of the Checklist about them, their settings in the manifest, and their pages.
//
//   npm run generate              writes
//   npm run generate -- --check   writes nothing; fails when something is not as it would be written
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChannelDescriptor, ChannelGuide } from '../src/channels/contract';
import type { ChannelRule } from '../src/engine/model/posture';
import { channelPage } from './channel-page';
import { channelSettings } from './channel-settings';

const root = join(__dirname, '..');
const check = process.argv.includes('--check');
const stale: string[] = [];

function put(file: string, text: string): void {
  const path = join(root, file);
  let now = '';
  try {
    now = readFileSync(path, 'utf8');
  } catch {
    // Not there yet.
  }
  if (now === text) return;
  stale.push(file);
  if (!check) writeFileSync(path, text);
}

/** The built-in channel first, then by name. */
function channelIds(): string[] {
  const folders = readdirSync(join(root, 'src/channels'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .filter((name) => readdirSync(join(root, 'src/channels', name)).includes('descriptor.ts'))
    .sort();
  return ['local', ...folders.filter((id) => id !== 'local')];
}

function channelList(ids: readonly string[]): string {
  // In the order that the formatter has: by the paths.
  const contract = ["./contract'", "import type { ChannelDescriptor } from './contract';"] as const;
  const imports = ids
    .map((id) => [`./${id}/`, `import { ${id}Descriptor } from './${id}/descriptor';`] as const)
    .concat([contract])
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, line]) => line);
  const entries = ids.map((id) => `  ${id}Descriptor,`);
  return `// Written by \`npm run generate\` from the folders beside it.

${imports.join('\n')}

/** Every channel that this build knows. */
export const DESCRIPTORS: readonly ChannelDescriptor[] = [
${entries.join('\n')}
];
`;
}

function rulesList(ids: readonly string[]): string {
  const withRules = ids.filter((id) => hasFile(id, 'rules.ts')).sort();
  const imports = withRules.map((id) => `import { ${id}Rules } from './${id}/rules';`);
  const entries = withRules.map((id) => `  ${id}: ${id}Rules,`);
  return `// Written by \`npm run generate\` from the folders beside it.
import type { ChannelRule } from '../engine/model/posture';
${imports.join('\n')}

/** Rules of the Checklist about one channel alone, by its id. What holds for every channel is not repeated there. */
export const CHANNEL_RULES: Readonly<Record<string, readonly ChannelRule[]>> = {
${entries.join('\n')}
};
`;
}

function hasFile(id: string, file: string): boolean {
  return readdirSync(join(root, 'src/channels', id)).includes(file);
}

/** What `<id><part>` of a file of the channel's folder is. @throws when there is none. */
async function exported<T>(id: string, file: string, part: string): Promise<T> {
  const module: Record<string, T> = await import(`../src/channels/${id}/${file}`);
  const found = module[`${id}${part}`];
  if (found === undefined) throw new Error(`src/channels/${id}/${file}.ts exports no ${id}${part}`);
  return found;
}

async function main(): Promise<void> {
  const ids = channelIds();
  put('src/channels/descriptors.ts', channelList(ids));
  put('src/channels/channel-rules.ts', rulesList(ids));
  const descriptors = await Promise.all(
    ids.map(async (id): Promise<ChannelDescriptor> => {
      const descriptor = await exported<ChannelDescriptor>(id, 'descriptor', 'Descriptor');
      if (descriptor.id !== id) throw new Error(`src/channels/${id}/descriptor.ts says “${descriptor.id}”`);
      return descriptor;
    }),
  );
  const [manifest, english, german] = ['package.json', 'package.nls.json', 'package.nls.de.json'].map(
    (file) => readFileSync(join(root, file), 'utf8'),
  ) as [string, string, string];
  const settings = channelSettings(descriptors, { manifest, english, german });
  put('package.json', settings.manifest);
  put('package.nls.json', settings.english);
  put('package.nls.de.json', settings.german);
  for (const descriptor of descriptors) {
    // The built-in one has a page of its own: it is about commands, not about a platform.
    if (descriptor.id === 'local') continue;
    const { id } = descriptor;
    const guide = await exported<ChannelGuide>(id, 'guide', 'Guide');
    const rules = hasFile(id, 'rules.ts') ? await exported<readonly ChannelRule[]>(id, 'rules', 'Rules') : [];
    put(`docs/channels/${id}.md`, channelPage(descriptor, guide, rules));
  }
  if (settings.untranslated.length > 0) {
    console.error(`package.nls.de.json lacks: ${settings.untranslated.join(', ')}`);
    process.exitCode = 1;
  }
  if (check && stale.length > 0) {
    console.error(`Not up to date: ${stale.join(', ')}. Run npm run generate.`);
    process.exitCode = 1;
  } else if (stale.length > 0) console.log(`written: ${stale.join(', ')}`);
}

void main();
