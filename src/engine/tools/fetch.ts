import * as z from 'zod';
import type { EgressClient, EgressPort } from '../model/egress';
import { EngineError } from '../model/error';
import type { ToolResult } from '../model/tool';
import { defineTool, type Tool, type ToolContext } from './tool';
import { parseUrl, readAnswer } from './web-text';

const MAX_REDIRECTS = 5;
/** Milliseconds for the whole of it, redirects and body included. */
const TIMEOUT_MS = 30_000;

const schema = z.strictObject({
  url: z.string().max(2000).describe('A page to read; https, or http on this machine when it is listed.'),
});
type Args = z.infer<typeof schema>;

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
    if (location === null) return readAnswer(response, url);
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
