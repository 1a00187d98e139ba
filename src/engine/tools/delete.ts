import { basename } from 'node:path';
import * as z from 'zod';
import type { ToolResult } from '../model/tool';
import { guardFor } from './access';
import { decidedName, nameFact } from './own-name';
import { defineTool, type ToolContext } from './tool';
import { UndoStore } from './undo-store';

const schema = z.strictObject({
  path: z
    .string()
    .describe('The file or folder, relative to the current folder. A link itself, not its target.'),
});
type Args = z.infer<typeof schema>;

async function run(args: Args, context: ToolContext): Promise<ToolResult> {
  const guard = await guardFor(context);
  const target = await decidedName(guard, context, args.path, 'delete');
  const folder = await guard.holdParent(target.path);
  try {
    await new UndoStore(context.storageDir, context.clock).moveToTrash(
      context.taskId,
      folder,
      basename(target.path),
    );
  } finally {
    await folder.close();
  }
  return { ok: true, output: `Deleted ${target.relative ?? target.path}; it can be restored from the task.` };
}

export const deleteTool = defineTool<Args>({
  name: 'delete',
  description: 'Moves a file or a folder to the trash of this task, from which it can be restored.',
  schema,
  hints: { readOnly: false, destructive: true, openWorld: false },
  run,
  async facts({ path }, context) {
    return { paths: [await nameFact(await guardFor(context), path, context.cwd, 'delete')], hosts: [] };
  },
  summary: ({ path }) => `delete ${path}`,
});
