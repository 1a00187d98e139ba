import * as z from 'zod';
import type { Attachment } from '../../engine/model/message';
import { type AdapterContext, ChannelError } from '../contract';
import { callPlatform, downloaded } from '../http';
import { type DiscordClient, PLATFORM } from './client';
import { FILE_HOSTS } from './descriptor';
import { attachmentSchema } from './inbound';

/** Files whose addresses are remembered. */
const REMEMBERED = 200;
const holder = z.looseObject({ attachments: z.array(attachmentSchema).default([]) });

/** Files that people send. Their addresses are signed and good for a day, so they are in no record. */
export class DiscordFiles {
  private readonly addresses = new Map<string, string>();

  constructor(
    private readonly context: AdapterContext,
    private readonly client: DiscordClient,
  ) {}

  remember(files: ReadonlyMap<string, string>): void {
    for (const [id, address] of files) this.addresses.set(id, address);
    for (const oldest of this.addresses.keys()) {
      if (this.addresses.size <= REMEMBERED) return;
      this.addresses.delete(oldest);
    }
  }

  /** @throws ChannelError `refused` when it is too large, gone, or kept anywhere but at Discord */
  async download({ platformId, name, size }: Attachment, limitBytes: number): Promise<Uint8Array> {
    if (size > limitBytes)
      throw new ChannelError(
        'refused',
        `“${name}” is larger than ${limitBytes} bytes, so it was not fetched.`,
      );
    const address = this.addresses.get(platformId) ?? (await this.ask(platformId));
    if (address === undefined) throw new ChannelError('refused', `Discord no longer has “${name}”.`);
    if (!isFileAddress(address, this.client.apiRoot)) {
      throw new ChannelError('refused', `“${name}” is not kept at Discord, so it was not fetched.`);
    }
    // Without the token: the address itself is the permission.
    const response = await callPlatform(this.context, address, { redirect: 'error' }, { platform: PLATFORM });
    return downloaded(response, limitBytes, { platform: PLATFORM, name });
  }

  private async ask(platformId: string): Promise<string | undefined> {
    const [channel = '', message = '', file = ''] = platformId.split('/').map(encodeURIComponent);
    const answer = await this.client.call('GET', `/channels/${channel}/messages/${message}`);
    const found = holder.safeParse(answer);
    return found.data?.attachments.find(({ id }) => id === file)?.url;
  }
}

/** `https://` at one of Discord's file servers; a test's own server may have its own host. */
export function isFileAddress(address: string, apiRoot: string): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  const api = new URL(apiRoot);
  if (api.protocol === 'http:') return url.protocol === 'http:' && url.host === api.host;
  return url.protocol === 'https:' && url.port === '' && FILE_HOSTS.includes(url.hostname);
}
