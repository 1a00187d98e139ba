import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Refusal {
  code: number;
  description: string;
  parameters?: Record<string, unknown>;
}

export function accept(response: ServerResponse, result: unknown): undefined {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ ok: true, result }));
}

export function refuse(response: ServerResponse, { code, description, parameters }: Refusal): undefined {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(
    JSON.stringify({ ok: false, error_code: code, description, ...(parameters ? { parameters } : {}) }),
  );
}

/** Of JSON, or of a form with a file. */
export async function argumentsOf(request: IncomingMessage, body: Buffer): Promise<unknown> {
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('multipart/form-data'))
    return body.length === 0 ? {} : (JSON.parse(body.toString('utf8')) as unknown);
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
  return Object.fromEntries(form.entries());
}
