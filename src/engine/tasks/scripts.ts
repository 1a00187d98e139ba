import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { projectFiles } from '../approvals/project-code';
import type { CommandAnalysis } from '../model/analysis';

/** A larger file is bound by its size and time of change: hashing it would hold up the question. Bytes. */
const LARGEST_HASHED = 16 * 1024 * 1024;

/**
 * SHA-256 of every file whose content decides what the command does, by absolute path, so that an approval holds
 * only while they stay as they were (law 7). A file that is not there counts as `absent`.
 */
export async function scriptHashes(analysis: CommandAnalysis, cwd: string): Promise<Record<string, string>> {
  const names = new Set<string>();
  for (const { program, effects } of analysis.commands) {
    for (const code of effects.executes) names.add(code);
    for (const file of projectFiles(program)) names.add(file);
  }
  const entries = await Promise.all(
    [...names].sort().map(async (name): Promise<[string, string]> => {
      const path = isAbsolute(name) ? name : resolve(cwd, name);
      return [path, await fingerprint(path)];
    }),
  );
  return Object.fromEntries(entries);
}

async function fingerprint(path: string): Promise<string> {
  try {
    const info = await stat(path);
    if (!info.isFile()) return 'absent';
    if (info.size > LARGEST_HASHED) return `size ${info.size}, changed ${info.mtimeMs}`;
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    return hash.digest('hex');
  } catch {
    return 'absent';
  }
}
