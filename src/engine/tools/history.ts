import * as z from 'zod';
import type { IdentityKey } from '../model/identity';
import type { ToolResult } from '../model/tool';
import { defineTool, type Tool } from './tool';

/** Something that one person said or had done. */
export interface HistoryEntry {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly text: string;
}

export interface HistoryPort {
  /** Entries of this one person that hold all of the words, newest first. */
  search(user: IdentityKey, words: string, limit: number): Promise<readonly HistoryEntry[]>;
}

/** Characters of one entry that are shown. */
const MAX_SHOWN = 300;

const schema = z.strictObject({
  query: z.string().trim().min(1).max(200).describe('Words, all of which must occur.'),
  limit: z.int().min(1).max(100).default(20).describe('Entries at most, the newest first.'),
});
type Args = z.infer<typeof schema>;

/** The tool `history.search`: what the one who asks has said and had done, and nobody else. */
export function createHistoryTool(history: HistoryPort): Tool {
  return defineTool<Args>({
    name: 'history.search',
    description: 'Searches what the asking person has said and had done here before.',
    schema,
    hints: { readOnly: true, destructive: false, openWorld: false },
    async run({ query, limit }, { user }): Promise<ToolResult> {
      if (user === undefined) return { ok: false, output: '', error: 'It is not known who asks.' };
      const found = await history.search(user, query, limit);
      if (found.length === 0)
        return { ok: true, output: 'Nothing that you said or had done has all of these words.' };
      const lines = found.map(
        ({ at, text }) => `${new Date(at).toISOString().slice(0, 16)}Z  ${oneLine(text)}`,
      );
      return { ok: true, output: lines.join('\n'), taint: ['earlier messages'] };
    },
    facts: async () => ({ paths: [], hosts: [] }),
    summary: ({ query }) => `search my history for ${query}`,
  });
}

function oneLine(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat.length > MAX_SHOWN ? `${flat.slice(0, MAX_SHOWN - 1)}…` : flat;
}
