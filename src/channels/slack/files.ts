import type { WebClient } from '@slack/web-api';
import * as z from 'zod';
import type { Attachment, OutboundFile } from '../../engine/model/message';
import { type AdapterContext, ChannelError } from '../contract';
import { callPlatform, downloaded } from '../http';
import { asChannelError } from '../reception';
import { authorisedFetch, toChannelError } from './client';
import { FILES_HOST } from './files-host';

/** Milliseconds that the bytes of one file may take. */
const TRANSFER_WITHIN_MS = 60_000;

const info = z.looseObject({
  file: z.looseObject({ size: z.number().nullish(), url_private_download: z.string().nullish() }),
});
const target = z.looseObject({ upload_url: z.string(), file_id: z.string() });

/**
 * Files of people, fetched with the bot's token, and files of ours. Both need scopes of their own; without them the
 * file is refused and the text goes through.
 * https://docs.slack.dev/messaging/working-with-files
 */
export class SlackFiles {
  constructor(
    private readonly context: AdapterContext,
    private readonly web: WebClient,
    private readonly apiRoot: string,
  ) {}

  /** @throws ChannelError */
  async download({ platformId, name, size }: Attachment, limitBytes: number): Promise<Uint8Array> {
    if (size > limitBytes)
      throw new ChannelError(
        'refused',
        `“${name}” is larger than ${limitBytes} bytes, so it was not fetched.`,
      );
    const answer = info.safeParse(await this.call('files.info', { file: platformId }, 'files:read'));
    const address = answer.success ? answer.data.file.url_private_download : undefined;
    if (!address) throw new ChannelError('refused', `Slack no longer has “${name}”.`);
    this.mustBeSlack(address);
    const response = await callPlatform(
      { fetch: authorisedFetch(this.context, 'botToken') },
      address,
      {},
      { platform: 'Slack', timeoutMs: TRANSFER_WITHIN_MS },
    );
    // Without the scope Slack hands out its page for signing in instead of the file.
    const type = response.headers.get('content-type') ?? '';
    if (type.startsWith('text/html') && !/\.html?$/i.test(name)) throw missing('files:read', name);
    return downloaded(response, limitBytes, { platform: 'Slack', name });
  }

  /** @returns Slack's id of the file. @throws ChannelError */
  async upload(channel: string, thread: string | undefined, file: OutboundFile): Promise<string> {
    const bytes = await file.read();
    const place = target.parse(
      await this.call(
        'files.getUploadURLExternal',
        { filename: file.name, length: bytes.length },
        'files:write',
      ),
    );
    this.mustBeSlack(place.upload_url);
    // The address alone opens the place for this one file, so no token goes there.
    const response = await callPlatform(
      this.context,
      place.upload_url,
      { method: 'POST', body: Buffer.from(bytes), headers: { 'content-type': 'application/octet-stream' } },
      { platform: 'Slack', timeoutMs: TRANSFER_WITHIN_MS },
    );
    if (!response.ok)
      throw new ChannelError('refused', `Slack did not take “${file.name}” (${response.status}).`);
    await this.call(
      'files.completeUploadExternal',
      {
        files: JSON.stringify([{ id: place.file_id, title: file.name }]),
        channel_id: channel,
        ...(thread === undefined ? {} : { thread_ts: thread }),
      },
      'files:write',
    );
    return place.file_id;
  }

  private call(method: string, options: Record<string, unknown>, scope: string): Promise<unknown> {
    return asChannelError(
      () => this.web.apiCall(method, options),
      (error) => {
        const known = toChannelError(error);
        // A missing scope for files ends the file and not the channel.
        return known.kind === 'fatal' && known.message.includes('lacks a permission')
          ? missing(scope, 'the file')
          : known;
      },
    );
  }

  private mustBeSlack(address: string): void {
    const url = URL.canParse(address) ? new URL(address) : undefined;
    const own = new URL(this.apiRoot);
    const right =
      own.protocol === 'http:'
        ? url?.host === own.host
        : url?.protocol === 'https:' && url.host === FILES_HOST;
    if (!right) throw new ChannelError('refused', 'Slack named a place for the file that is not its own.');
  }
}

function missing(scope: string, name: string): ChannelError {
  return new ChannelError(
    'refused',
    `Slack does not let the app have “${name}”: it lacks the permission ${scope}. Add it under OAuth & Permissions and install the app again.`,
  );
}
