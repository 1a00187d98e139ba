import type { AdapterContext } from '../../contract';
import { cappedBytes } from '../../http';
import type { MatrixClient } from '../client';
import { ownCopy } from './exchange';
import type { Service } from './protocol';

/** Bytes of one answer about keys: those of everybody in a large room. */
const ANSWER_CAP = 50_000_000;

/**
 * What the channel does for its thread. The access token stays here, and so does the key by which the vault seals
 * what is kept.
 */
export class Services {
  constructor(
    private readonly store: AdapterContext['store'],
    private readonly client: MatrixClient,
  ) {}

  /** `signal` ends what asks the homeserver. What is being saved is saved. @throws ChannelError */
  async run(what: Service, signal: AbortSignal): Promise<unknown> {
    switch (what.service) {
      case 'load': {
        const bytes = await this.store.load(what.name);
        return bytes && ownCopy(bytes);
      }
      case 'save':
        return this.store.save(what.name, what.bytes);
      case 'keys':
        return this.ask('POST', `client/v3/keys/${what.about}`, what.body, signal);
      case 'letter': {
        const [type, transaction] = [what.type, what.transaction].map(encodeURIComponent);
        return this.ask('PUT', `client/v3/sendToDevice/${type}/${transaction}`, what.body, signal);
      }
    }
  }

  private async ask(method: string, path: string, body: string, signal: AbortSignal): Promise<string> {
    const bytes = { type: 'application/json', data: Buffer.from(body) };
    const answer = await this.client.call(method, path, { bytes, signal });
    return Buffer.from(await cappedBytes(answer, ANSWER_CAP)).toString('utf8');
  }
}
