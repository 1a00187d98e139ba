import type { CalledBench } from '../attacks';
import type { Letter } from '../letter';
import { FAULTS_OF_CALLERS } from '../peer-bench';
import { TelegramBench } from './telegram';

/** Telegram by webhook: it calls us. */
export class TelegramWebhookBench extends TelegramBench implements CalledBench {
  readonly pushOnly = true;
  override readonly faults = FAULTS_OF_CALLERS;
  private count = 0;

  override settings(): Record<string, unknown> {
    return { ...super.settings(), mode: 'webhook' };
  }

  async genuine(text: string): Promise<Letter> {
    this.count += 1;
    const id = Number(this.people[0]);
    return this.letter({
      update_id: 900_000 + this.count,
      message: {
        message_id: 800_000 + this.count,
        date: 1_700_000_000,
        chat: { id, type: 'private', first_name: 'Ann' },
        from: { id, is_bot: false, first_name: 'Ann' },
        text,
      },
    });
  }

  letter(update: unknown, secret = this.peer.caller.secret): Letter {
    return {
      method: 'POST',
      url: this.peer.caller.url ?? '',
      headers: [
        ['Content-Type', 'application/json'],
        ['X-Telegram-Bot-Api-Secret-Token', secret],
      ],
      body: Buffer.from(typeof update === 'string' ? update : JSON.stringify(update)),
    };
  }
}

export const makeBench = (): CalledBench => new TelegramWebhookBench();
