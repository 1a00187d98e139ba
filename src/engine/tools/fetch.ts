import * as z from 'zod';
import type { EgressClient, EgressPort } from '../model/egress';
import { EngineError } from '../model/error';
import type { ToolResult } from '../model/tool';
import { htmlToText } from './html-text';
import { decodeText } from './text-decoding';
import { defineTool, type Tool, type ToolContext } from './tool';

/** Bytes of a page that are read. */
const MAX_BYTES = 2 * 1024 * 1024;
const MAX_REDIRECTS = 5;
/** Milliseconds for the whole of it, redirects and body included. */
const TIMEOUT_MS = 30_000;

const schema = z.strictObject({
  url: z.string().max(2000).describe('A page to read; https, or http on this machine when it is listed.'),
});
type Args = z.infer<typeof schema>;

/** @throws EngineError when the text is no address of a page, or carries a name and password. */
function parseUrl(text: string): URL {
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

async function run(egress: EgressPort, args: Args, context: ToolContext): Promise<ToolResult> {
  const first = parseUrl(args.url);
  if (context.facts && !context.facts.hosts.includes(first.host)) {
    throw new EngineError(`${first.host} is not the host that was decided on; nothing was sent.`);
  }
  const client = egress.client('tool:fetch', [first.host], { configured: context.allowedHosts ?? [] });
  try {
    return await load(client, first, context.signal);
  } finally {
    client.close();
  }
}

async function load({ fetch }: EgressClient, first: URL, stop: AbortSignal): Promise<ToolResult> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(TIMEOUT_MS)]);
  let url = first;
  for (let hops = 0; ; hops++) {
    const response = await fetch(url, {
      method: 'GET',
      redirect: 'manual',
      headers: { accept: 'text/html, text/*, application/json, application/xml;q=0.9' },
      signal,
    });
    const location =
      response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    if (location === null) return read(response, url);
    await response.body?.cancel();
    const next = parseUrl(new URL(location, url).href);
    // Another host was not decided on: it is asked for by a request of its own.
    if (next.host !== first.host || next.protocol !== first.protocol) {
      return {
        ok: false,
        output: '',
        error: `${url.href} leads on to ${next.href}, which was not asked for.`,
      };
    }
    if (hops >= MAX_REDIRECTS) throw new EngineError(`${first.href} leads on and on.`);
    url = next;
  }
}

async function read(response: Response, url: URL): Promise<ToolResult> {
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

/** The tool `fetch`, which has no way out but the gate, and there only to the host that was decided on. */
export function createFetchTool(egress: EgressPort): Tool {
  return defineTool<Args>({
    name: 'fetch',
    description: 'Reads a page or a text from the network by GET and gives its readable text, at most 2 MB.',
    schema,
    hints: { readOnly: true, destructive: false, openWorld: true },
    run: (args, context) => run(egress, args, context),
    facts: async ({ url }) => ({ paths: [], hosts: [parseUrl(url).host] }),
    summary: ({ url }) => `fetch ${url}`,
  });
}
