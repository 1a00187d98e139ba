import { link, lstat, rename, unlink } from 'node:fs/promises';
import { basename } from 'node:path';
import * as z from 'zod';
import { EngineError } from '../model/error';
import type { ToolResult } from '../model/tool';
import { guardFor } from './access';
import { decidedName, nameFact } from './own-name';
import { defineTool, type ToolContext } from './tool';
import { UndoStore } from './undo-store';

const schema = z.strictObject({
  from: z.string().describe('The file or folder to move, relative to the current folder.'),
  to: z.string().describe('Its new path; nothing may be there yet. Missing folders are made.'),
});
type Args = z.infer<typeof schema>;

async function run(args: Args, context: ToolContext): Promise<ToolResult> {
  const guard = await guardFor(context);
  const from = await decidedName(guard, context, args.from, 'delete');
  const to = await decidedName(guard, context, args.to, 'write');
  const source = await guard.holdParent(from.path);
  try {
    const target = await guard.holdParent(to.path, true);
    try {
      await moveToFreeName(source.at(basename(from.path)), target.at(basename(to.path)), args.to);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
  await new UndoStore(context.storageDir, context.clock).noteMoved(context.taskId, from.path, to.path);
  return { ok: true, output: `Moved ${args.from} to ${args.to}.` };
}

/** `rename` replaces what is there; a file gets its new name by a link, which fails instead. */
async function moveToFreeName(from: string, to: string, name: string): Promise<void> {
  const taken = () => new EngineError(`${name} exists already; nothing was moved.`);
  const stats = await lstat(from);
  if (await lstat(to).catch(() => undefined)) throw taken();
  if (!stats.isFile()) {
    await rename(from, to);
    return;
  }
  try {
    await link(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw taken();
    await rename(from, to);
    return;
  }
  await unlink(from);
}

export const moveTool = defineTool<Args>({
  name: 'move',
  description: 'Moves or renames a file or a folder to a path where nothing is. Can be undone from the task.',
  schema,
  hints: { readOnly: false, destructive: true, openWorld: false },
  run,
  async facts({ from, to }, context) {
    const guard = await guardFor(context);
    return {
      paths: [
        await nameFact(guard, from, context.cwd, 'delete'),
        await nameFact(guard, to, context.cwd, 'write'),
      ],
      hosts: [],
    };
  },
  summary: ({ from, to }) => `move ${from} to ${to}`,
});
