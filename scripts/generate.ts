// Writes what follows from the channels' descriptors, so that a new channel is a folder and nothing else:
// the list of channels, their settings in the manifest, and their pages.
//
//   npm run generate              writes
//   npm run generate -- --check   writes nothing; fails when something is not as it would be written
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChannelDescriptor } from '../src/channels/contract';
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
  const imports = [...ids].sort().map((id) => `import { ${id}Descriptor } from './${id}/descriptor';`);
  const entries = ids.map((id) => `  ${id}Descriptor,`);
  return `// Written by \`npm run generate\` from the folders beside it.
import type { ChannelDescriptor } from './contract';
${imports.join('\n')}

/** Every channel that this build knows. */
export const DESCRIPTORS: readonly ChannelDescriptor[] = [
${entries.join('\n')}
];
`;
}

async function main(): Promise<void> {
  const ids = channelIds();
  put('src/channels/descriptors.ts', channelList(ids));
  const descriptors = await Promise.all(
    ids.map(async (id): Promise<ChannelDescriptor> => {
      const module: Record<string, ChannelDescriptor> = await import(`../src/channels/${id}/descriptor`);
      const descriptor = module[`${id}Descriptor`];
      if (descriptor?.id !== id)
        throw new Error(`src/channels/${id}/descriptor.ts exports no ${id}Descriptor`);
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
    put(`docs/channels/${descriptor.id}.md`, channelPage(descriptor));
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
