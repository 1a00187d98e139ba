import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import * as z from 'zod';
import type { ToolResult } from '../model/tool';
import { decidedPath, guardFor, onPath, shown } from './access';
import { attachmentOf, MAX_ATTACHMENT, mediaTypeOf } from './attachment';
import type { ResolvedPath } from './path-guard';
import { decodeText } from './text-decoding';
import { defineTool, type ToolContext } from './tool';

/** Bytes of one file that are read at most; a chat or a model has no use for more at once. */
const MAX_BYTES = 1024 * 1024;

const schema = z.strictObject({
  path: z.string().describe('The file, relative to the current folder.'),
  fromLine: z.int().min(1).default(1).describe('First line to show, from 1.'),
  lines: z.int().min(1).max(100_000).optional().describe('How many lines to show; all when left out.'),
});
type Args = z.infer<typeof schema>;

async function run(args: Args, context: ToolContext): Promise<ToolResult> {
  const guard = await guardFor(context);
  const path = await decidedPath(guard, context, args.path, 'read');
  const file = await guard.openFile(path.path);
  try {
    const { size } = await file.stat();
    const unsaved = context.desk?.editor.unsaved(path.path);
    if (unsaved !== undefined) {
      const text = selectLines(unsaved.slice(0, MAX_BYTES), args.fromLine, args.lines);
      return {
        ok: true,
        output: `[${shown(path)}: with changes that are not saved]\n${text}`,
        taint: [path.path],
      };
    }
    const buffer = Buffer.alloc(Math.min(size, MAX_BYTES));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    const decoded = decodeText(buffer.subarray(0, bytesRead), size > bytesRead);
    const mediaType = mediaTypeOf(buffer.subarray(0, bytesRead));
    if (mediaType !== undefined) return await attached(file, path, mediaType, size);
    if (!decoded) {
      return { ok: false, output: '', error: `${shown(path)} is a binary file of ${size} bytes, not text.` };
    }
    const notes: string[] = [];
    if (size > bytesRead) notes.push(`only the first ${bytesRead} of ${size} bytes`);
    if (decoded.encoding !== 'utf-8') notes.push(`read as ${decoded.encoding}`);
    const text = selectLines(decoded.text, args.fromLine, args.lines);
    const note = notes.length > 0 ? `[${shown(path)}: ${notes.join(', ')}]\n` : '';
    return { ok: true, output: note + text, taint: [path.path] };
  } finally {
    await file.close();
  }
}

/** A picture or a PDF goes along as it is. */
async function attached(
  file: FileHandle,
  path: ResolvedPath,
  mediaType: string,
  size: number,
): Promise<ToolResult> {
  if (size > MAX_ATTACHMENT) {
    const error = `${shown(path)} is ${mediaType} of ${size} bytes; at most ${MAX_ATTACHMENT} are sent along.`;
    return { ok: false, output: '', error };
  }
  const bytes = Buffer.alloc(size);
  const { bytesRead } = await file.read(bytes, 0, size, 0);
  const name = basename(path.path);
  return {
    ok: true,
    output: `[${shown(path)}: ${mediaType}, ${bytesRead} bytes, sent along where this channel takes files]`,
    attachments: [attachmentOf(name, mediaType, bytes.subarray(0, bytesRead))],
    taint: [path.path],
  };
}

function selectLines(text: string, from: number, count: number | undefined): string {
  if (from === 1 && count === undefined) return text;
  const lines = text.split('\n');
  return lines.slice(from - 1, count === undefined ? undefined : from - 1 + count).join('\n');
}

export const readTool = defineTool<Args>({
  name: 'read',
  description:
    'Shows a text file of the workspace, in any common encoding, at most 1 MB of it; sends a picture or PDF along.',
  schema,
  hints: { readOnly: true, destructive: false, openWorld: false },
  run,
  facts: onPath('read'),
  summary: ({ path, fromLine, lines }) =>
    `read ${path}${fromLine > 1 || lines ? ` from line ${fromLine}${lines ? `, ${lines} lines` : ''}` : ''}`,
});
