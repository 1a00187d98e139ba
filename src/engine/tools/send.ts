import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import * as z from 'zod';
import { EngineError } from '../model/error';
import type { ToolResult } from '../model/tool';
import { decidedPath, guardFor, shown } from './access';
import { mediaTypeOf } from './attachment';
import { SentFiles } from './sent-files';
import { defineTool, type ToolContext } from './tool';

/** Bytes of a file that is sent at most. What a channel takes may be less. */
const MAX_BYTES = 20 * 1024 * 1024;

const schema = z.strictObject({ path: z.string().describe('The file, relative to the current folder.') });
type Args = z.infer<typeof schema>;

async function bytesOf(path: string, context: ToolContext): Promise<Buffer> {
  const guard = await guardFor(context);
  const file = await guard.openFile(path);
  try {
    const { size } = await file.stat();
    if (size === 0) throw new EngineError('The file is empty, so there is nothing to send.');
    if (size > MAX_BYTES)
      throw new EngineError(`The file has ${size} bytes; at most ${MAX_BYTES} can be sent.`);
    const bytes = Buffer.alloc(size);
    const { bytesRead } = await file.read(bytes, 0, size, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Platforms that take few kinds of files take text. */
const isText = (bytes: Buffer): boolean => isUtf8(bytes) && !bytes.includes(0);

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Law 7: what goes out is what was there, to the byte, when it was decided. */
async function run({ path: requested }: Args, context: ToolContext): Promise<ToolResult> {
  const path = await decidedPath(await guardFor(context), context, requested, 'read');
  const bytes = await bytesOf(path.path, context);
  if (context.facts && context.facts.contents?.[path.path] !== hash(bytes))
    throw new EngineError(`${shown(path)} was changed since it was decided; it was not sent.`);
  const store = new SentFiles(context.storageDir, context.clock);
  const mediaType = mediaTypeOf(bytes) ?? (isText(bytes) ? 'text/plain' : 'application/octet-stream');
  const kept = await store.keep(basename(path.path), mediaType, bytes);
  return {
    ok: true,
    output: `${shown(path)}, ${bytes.length} bytes, SHA-256 ${kept.sha256}`,
    attachments: [kept],
    taint: [path.path],
  };
}

export const sendTool = defineTool<Args>({
  name: 'send',
  description: 'Sends a file of the workspace to the chat, at most 20 MB, as it is when that is approved.',
  schema,
  hints: { readOnly: false, destructive: false, openWorld: true },
  run,
  async facts({ path }, context) {
    const guard = await guardFor(context);
    const fact = await guard.fact(path, context.cwd, 'read');
    const contents = { [fact.path]: hash(await bytesOf(fact.path, context)) };
    return { paths: [fact], hosts: [], contents };
  },
  summary: ({ path }) => `send ${path}`,
});
