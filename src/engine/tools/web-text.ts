import { EngineError } from '../model/error';
import type { ToolResult } from '../model/tool';
import { htmlToText } from './html-text';
import { decodeText } from './text-decoding';

/** Bytes of a page that are read. */
const MAX_BYTES = 2 * 1024 * 1024;

/** @throws EngineError when the text is no address of a page, or carries a name and password. */
export function parseUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new EngineError(`${text} is not an address.`);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new EngineError(`Only https and http addresses are read, not ${url.protocol}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new EngineError(
      'An address with a name and password is not read: it would be sent along and recorded.',
    );
  }
  return url;
}

/** The text of an answer, with its status and address in front. Says so when it is not text. */
export async function readAnswer(response: Response, url: URL): Promise<ToolResult> {
  const type = (response.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type !== '' && !/^text\/|[/+](?:json|xml|javascript|yaml|x-yaml|toml)$/.test(type)) {
    await response.body?.cancel();
    return { ok: false, output: '', error: `${url.href} is ${type}, which is not text.` };
  }
  const { bytes, cut } = await readBody(response);
  const decoded = decodeText(bytes, cut);
  if (!decoded) return { ok: false, output: '', error: `${url.href} is binary, which is not text.` };
  const text = /html/.test(type) ? htmlToText(decoded.text) : decoded.text;
  const notes = [`${response.status} ${url.href}`, ...(cut ? [`only the first ${MAX_BYTES} bytes`] : [])];
  return { ok: response.ok, output: `[${notes.join(', ')}]\n${text}`, taint: [url.host] };
}

async function readBody(response: Response): Promise<{ bytes: Buffer; cut: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const part = await reader?.read();
    if (!part || part.done) return { bytes: Buffer.concat(chunks), cut: false };
    chunks.push(Buffer.from(part.value));
    length += part.value.length;
    if (length > MAX_BYTES) {
      await reader?.cancel();
      return { bytes: Buffer.concat(chunks).subarray(0, MAX_BYTES), cut: true };
    }
  }
}
