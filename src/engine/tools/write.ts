import * as z from 'zod';
import type { ToolResult } from '../model/tool';
import { decidedPath, guardFor, onPath, shown } from './access';
import { replaceUnsaved } from './open-file';
import { defineTool, type ToolContext } from './tool';
import { UndoStore } from './undo-store';
import { writeFileWhole } from './write-file';

/** Characters; a larger file is not written by hand in a chat. */
const MAX_CHARACTERS = 1024 * 1024;

const schema = z.strictObject({
  path: z.string().describe('The file, relative to the current folder. Missing folders are made.'),
  content: z.string().max(MAX_CHARACTERS).describe('The whole new content.'),
});
type Args = z.infer<typeof schema>;

async function run(args: Args, context: ToolContext): Promise<ToolResult> {
  const guard = await guardFor(context);
  const path = await decidedPath(guard, context, args.path, 'write');
  if (context.desk?.editor.unsaved(path.path) !== undefined) {
    return replaceUnsaved(context.desk.editor, path, args.content, `Replaced the text of ${shown(path)}`);
  }
  const undo = new UndoStore(context.storageDir, context.clock);
  const content = Buffer.from(args.content, 'utf8');
  const { created } = await writeFileWhole(guard, undo, context.taskId, path, content);
  const what = created ? 'Created' : 'Replaced';
  return { ok: true, output: `${what} ${shown(path)} (${content.length} bytes).` };
}

export const writeTool = defineTool<Args>({
  name: 'write',
  description: 'Creates a file or replaces all of its content. What was there can be restored from the task.',
  schema,
  hints: { readOnly: false, destructive: true, openWorld: false },
  run,
  facts: onPath('write'),
  // The content belongs to what is approved, so it belongs to the summary.
  summary: ({ path, content }) => `write ${path} (${Buffer.byteLength(content)} bytes):\n${content}`,
});
