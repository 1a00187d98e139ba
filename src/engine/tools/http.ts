import * as z from 'zod';
import type { EgressPort } from '../model/egress';
import { EngineError } from '../model/error';
import type { ToolResult } from '../model/tool';
import { defineTool, type Tool, type ToolContext } from './tool';
import { parseUrl, readAnswer } from './web-text';

/** Characters that are sent at most. */
const MAX_BODY = 256 * 1024;
/** Milliseconds for the whole of it. */
const TIMEOUT_MS = 60_000;

const schema = z.strictObject({
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
  url: z.string().max(2000).describe('Where to; https, or http on this machine when it is listed.'),
  headers: z
    .record(
      z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
      z
        .string()
        .max(4000)
        .regex(/^[\t -~]*$/),
    )
    .default({})
    .describe('Headers of the request. Credentials do not belong here: the request is recorded.'),
  body: z.string().max(MAX_BODY).optional().describe('What to send, as it is.'),
});
type Args = z.infer<typeof schema>;

/** Set by the connection itself, or by who stands between. */
const OURS = /^(?:host|connection|content-length|transfer-encoding|upgrade|expect|te|trailer|proxy-.*)$/i;

async function run(egress: EgressPort, args: Args, context: ToolContext): Promise<ToolResult> {
  const url = parseUrl(args.url);
  if (context.facts && !context.facts.hosts.includes(url.host)) {
    throw new EngineError(`${url.host} is not the host that was decided on; nothing was sent.`);
  }
  const set = Object.keys(args.headers).find((name) => OURS.test(name));
  if (set !== undefined) throw new EngineError(`The header ${set} is set by the connection; leave it out.`);
  if (args.body !== undefined && (args.method === 'GET' || args.method === 'HEAD')) {
    throw new EngineError(`A ${args.method} request carries nothing; use POST, PUT or PATCH.`);
  }
  const client = egress.client('tool:http', [url.host], { configured: context.allowedHosts ?? [] });
  try {
    const response = await client.fetch(url, {
      method: args.method,
      headers: args.headers,
      ...(args.body === undefined ? {} : { body: args.body }),
      // Where it leads on to was not decided on: the answer says where.
      redirect: 'manual',
      signal: AbortSignal.any([context.signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const location = response.headers.get('location');
    const answer = await readAnswer(response, url);
    return location === null ? answer : { ...answer, output: `${answer.output}\n[leads on to ${location}]` };
  } finally {
    client.close();
  }
}

/** The tool `http`, which can send: it counts as an export, whatever its method. */
export function createHttpTool(egress: EgressPort): Tool {
  return defineTool<Args>({
    name: 'http',
    description: 'Sends a request to the network and gives the text of the answer, at most 2 MB of it.',
    schema,
    hints: { readOnly: false, destructive: true, openWorld: true },
    run: (args, context) => run(egress, args, context),
    facts: async ({ url }) => ({ paths: [], hosts: [parseUrl(url).host] }),
    // Everything that leaves belongs to what is approved.
    summary: ({ method, url, headers, body }) =>
      [
        `${method} ${url}`,
        ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
        ...(body === undefined ? [] : ['', body]),
      ].join('\n'),
  });
}
