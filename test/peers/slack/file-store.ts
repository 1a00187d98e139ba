import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';

/** A file that the app has shared. */
export interface SharedFile {
  readonly channel: string;
  readonly thread?: string;
  readonly name: string;
  readonly bytes: Buffer;
}

/** Slack's files: handed out to who has the bot's token, and taken in three steps. */
export class SlackFileStore {
  readonly shared: SharedFile[] = [];
  private readonly files = new Map<string, { name: string; bytes: Buffer }>();
  private readonly places = new Map<string, { name: string; length: number; bytes?: Buffer }>();

  /** @returns what Slack tells the app of it in an event. */
  add(name: string, mimetype: string, bytes: Uint8Array): Record<string, unknown> {
    const id = `F${String(this.files.size + 1).padStart(4, '0')}`;
    this.files.set(id, { name, bytes: Buffer.from(bytes) });
    return { id, name, mimetype, size: bytes.length, mode: 'hosted' };
  }

  /** True when the request was for a file's bytes, which is answered then. */
  serve(request: IncomingMessage, response: ServerResponse, body: Buffer, token: string): boolean {
    const [, kind, id = ''] = /^\/(files-pri|upload)\/([\w-]+)$/.exec(request.url ?? '') ?? [];
    if (kind === undefined) return false;
    const place = this.places.get(id);
    const file = this.files.get(id);
    if (kind === 'upload' && request.method === 'POST' && place && place.length === body.length) {
      place.bytes = body;
      response.writeHead(200, { 'content-type': 'text/plain' }).end(`OK - ${body.length}`);
    } else if (kind === 'files-pri' && file && request.headers.authorization === `Bearer ${token}`) {
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(file.bytes);
    } else if (kind === 'files-pri') {
      // Who has no right to it is shown the page for signing in.
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in</html>');
    } else response.writeHead(400).end();
    return true;
  }

  /** Undefined when there is no such file. */
  answer(method: string, body: Record<string, string>, root: string): Record<string, unknown> | undefined {
    if (method === 'files.info') {
      const { file: id = '' } = body;
      const file = this.files.get(id);
      if (!file) return undefined;
      const { name, bytes } = file;
      return {
        ok: true,
        file: { id, name, size: bytes.length, url_private_download: `${root}/files-pri/${id}` },
      };
    }
    if (method === 'files.getUploadURLExternal') {
      const id = `F${randomUUID()}`;
      this.places.set(id, { name: body.filename ?? '', length: Number(body.length) });
      return { ok: true, upload_url: `${root}/upload/${id}`, file_id: id };
    }
    const listed = z
      .array(z.strictObject({ id: z.string(), title: z.string() }))
      .parse(JSON.parse(body.files ?? '[]'));
    for (const { id } of listed) {
      const place = this.places.get(id);
      if (!place?.bytes) return undefined;
      this.places.delete(id);
      this.shared.push({
        channel: body.channel_id ?? '',
        ...(body.thread_ts === undefined ? {} : { thread: body.thread_ts }),
        name: place.name,
        bytes: place.bytes,
      });
    }
    return { ok: true, files: listed };
  }
}
