import * as z from 'zod';
import { EngineError } from '../model/error';
import type { ToolResult } from '../model/tool';
import { decidedPath, guardFor, onPath, shown } from './access';
import { replaceUnsaved } from './open-file';
import { decodeText } from './text-decoding';
import { defineTool, type ToolContext } from './tool';
import { UndoStore } from './undo-store';
import { writeFileWhole } from './write-file';

/** Bytes; a patch of a larger file is not made in a chat. */
const MAX_BYTES = 10 * 1024 * 1024;

const schema = z.strictObject({
  path: z.string().describe('The file, relative to the current folder.'),
  edits: z
    .array(
      z.strictObject({
        before: z
          .string()
          .min(1)
          .max(100_000)
          .describe('Text as it is now, with enough of it to occur once.'),
        after: z.string().max(100_000).describe('What is to stand there instead.'),
      }),
    )
    .min(1)
    .max(100)
    .describe('Made in this order, all of them or none.'),
});
type Args = z.infer<typeof schema>;

async function run(args: Args, context: ToolContext): Promise<ToolResult> {
  const guard = await guardFor(context);
  const path = await decidedPath(guard, context, args.path, 'write');
  const done = `Made ${args.edits.length} ${args.edits.length === 1 ? 'edit' : 'edits'} in ${shown(path)}`;
  const unsaved = context.desk?.editor.unsaved(path.path);
  if (context.desk && unsaved !== undefined) {
    return replaceUnsaved(context.desk.editor, path, applyEdits(unsaved, args.edits, shown(path)), done);
  }
  const file = await guard.openFile(path.path);
  let bytes: Buffer;
  let stats: Awaited<ReturnType<typeof file.stat>>;
  try {
    stats = await file.stat();
    if (stats.size > MAX_BYTES) throw new EngineError(`${shown(path)} is too large to be edited.`);
    bytes = await file.readFile();
  } finally {
    await file.close();
  }
  const decoded = decodeText(bytes, false);
  if (!decoded) throw new EngineError(`${shown(path)} is a binary file.`);
  if (!decoded.encoding.startsWith('utf-8')) {
    throw new EngineError(
      `${shown(path)} is ${decoded.encoding}; only UTF-8 files are edited, so that nothing is lost.`,
    );
  }
  const bom = decoded.encoding === 'utf-8 with BOM' ? '\ufeff' : '';
  const content = Buffer.from(bom + applyEdits(decoded.text, args.edits, shown(path)), 'utf8');
  const undo = new UndoStore(context.storageDir, context.clock);
  await writeFileWhole(guard, undo, context.taskId, path, content, stats);
  return { ok: true, output: `${done}.` };
}

/**
 * Replaces each `before`, which must occur exactly once at its turn. A file with CRLF line ends keeps them.
 * @throws EngineError that says which edit does not fit.
 */
export function applyEdits(text: string, edits: Args['edits'], name: string): string {
  const crlf = text.includes('\r\n');
  let result = text;
  for (const [at, edit] of edits.entries()) {
    const adapt = (part: string) => (crlf ? part.replace(/\r?\n/g, '\r\n') : part);
    const before = adapt(edit.before);
    const first = result.indexOf(before);
    const which = edits.length === 1 ? 'The text to replace' : `The text of edit ${at + 1}`;
    if (first < 0)
      throw new EngineError(`${which} is not in ${name}; nothing was changed. Read the file again.`);
    if (result.indexOf(before, first + 1) >= 0) {
      throw new EngineError(
        `${which} occurs more than once in ${name}; nothing was changed. Give more of it.`,
      );
    }
    result = result.slice(0, first) + adapt(edit.after) + result.slice(first + before.length);
  }
  return result;
}

export const editTool = defineTool<Args>({
  name: 'edit',
  description: 'Replaces parts of a text file, each found by its present text. Can be undone from the task.',
  schema,
  hints: { readOnly: false, destructive: true, openWorld: false },
  run,
  facts: onPath('write'),
  summary: ({ path, edits }) =>
    [
      `edit ${path}`,
      ...edits.map(({ before, after }) => `${prefixed('-', before)}\n${prefixed('+', after)}`),
    ].join('\n'),
});

function prefixed(sign: string, text: string): string {
  return text
    .split('\n')
    .map((line) => `${sign} ${line}`)
    .join('\n');
}
