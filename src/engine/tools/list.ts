import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { ToolResult } from '../model/tool';
import { decidedPath, guardFor, onPath, shown } from './access';
import type { PathGuard } from './path-guard';
import { defineTool, type ToolContext } from './tool';

const MAX_ENTRIES = 1000;

const schema = z.strictObject({
  path: z.string().default('.').describe('The folder, relative to the current one.'),
  depth: z.int().min(1).max(8).default(1).describe('How many levels to show.'),
});
type Args = z.infer<typeof schema>;

async function run(args: Args, context: ToolContext): Promise<ToolResult> {
  const guard = await guardFor(context);
  const path = await decidedPath(guard, context, args.path, 'read');
  if (path.stats && !path.stats.isDirectory()) {
    return { ok: false, output: '', error: `${shown(path)} is a file, not a folder; use read.` };
  }
  const lines: string[] = [];
  await collect(guard, path.path, args.depth, '', lines, context.signal);
  const more = lines.length > MAX_ENTRIES;
  const text = lines.slice(0, MAX_ENTRIES).join('\n');
  return {
    ok: true,
    output: lines.length === 0 ? `${shown(path)} is empty.` : more ? `${text}\n… and more` : text,
  };
}

/** Folders first, then by name; links are shown with an arrow and not entered. */
async function collect(
  guard: PathGuard,
  folder: string,
  depth: number,
  indent: string,
  lines: string[],
  signal: AbortSignal,
): Promise<void> {
  const held = await guard.holdFolder(folder);
  try {
    const entries = await readdir(held.self, { withFileTypes: true });
    await held.verify();
    entries.sort((a, b) => Number(b.isDirectory()) - Number(a.isDirectory()) || (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      if (lines.length > MAX_ENTRIES || signal.aborted) return;
      lines.push(indent + (await describe(held.at(entry.name), entry)));
      if (!entry.isDirectory() || depth <= 1) continue;
      await collect(guard, join(folder, entry.name), depth - 1, `${indent}  `, lines, signal);
    }
  } finally {
    await held.close();
  }
}

async function describe(path: string, entry: Dirent): Promise<string> {
  // A name with control characters would otherwise write its own lines.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  const name = entry.name.replace(/[\u0000-\u001f\u007f]/g, '\ufffd');
  if (entry.isDirectory()) return `${name}/`;
  if (entry.isSymbolicLink()) return `${name} → (link)`;
  if (!entry.isFile()) return `${name} (not a file)`;
  const stats = await lstat(path).catch(() => undefined);
  return stats ? `${name}  ${sizeText(stats.size)}` : name;
}

function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

export const listTool = defineTool<Args>({
  name: 'list',
  description: 'Lists a folder of the workspace: folders first, files with their size, links not followed.',
  schema,
  hints: { readOnly: true, destructive: false, openWorld: false },
  run,
  facts: onPath('read'),
  summary: ({ path, depth }) => `list ${path}${depth > 1 ? `, ${depth} levels` : ''}`,
});
