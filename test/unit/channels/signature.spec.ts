import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { LineDoor } from '../../../src/channels/line/door';
import { hmacSha256, sameText } from '../../../src/channels/signature';
import { telegramDescriptor } from '../../../src/channels/telegram/descriptor';
import { TelegramDoor } from '../../../src/channels/telegram/door';
import type { WebhookHandler, WebhookRequest } from '../../../src/channels/webhook-contract';
import { watchedContext } from './support';

const SECRET = 'the-secret-of-the-channel';

/** Runs `work` and says how many pairs of which lengths were compared in constant time meanwhile. */
async function compared(work: () => Promise<unknown>): Promise<readonly (readonly [number, number])[]> {
  const original = crypto.timingSafeEqual;
  const pairs: [number, number][] = [];
  crypto.timingSafeEqual = (one, two) => {
    pairs.push([one.byteLength, two.byteLength]);
    return original(one, two);
  };
  try {
    await work();
  } finally {
    crypto.timingSafeEqual = original;
  }
  return pairs;
}

function request(headers: Record<string, string>, body = '{}'): WebhookRequest {
  return {
    method: 'POST',
    query: new URLSearchParams(),
    headers,
    body: Buffer.from(body),
    receivedAt: Date.now(),
    firstTime: () => true,
  };
}

/** What somebody may show in place of the right thing: nothing of it right, all but the end, longer, empty. */
const shownInstead = (right: string) => ['', 'x', right.slice(0, -1), `${right}x`, right.toUpperCase()];

describe('what proves a call', () => {
  it('is compared whole and at one length, whatever was shown', async () => {
    for (const shown of [...shownInstead(SECRET), 'x'.repeat(100_000), SECRET]) {
      const pairs = await compared(async () => assert.equal(sameText(shown, SECRET), shown === SECRET));
      assert.deepEqual(pairs, [[32, 32]], shown.slice(0, 40));
    }
  });

  it('[LN-2] is compared in constant time at LINE’s door', async () => {
    const door = new LineDoor({ secret: async () => SECRET }, 'me', async () => undefined);
    const right = hmacSha256(SECRET, ['{}'], 'base64');
    for (const shown of shownInstead(right)) {
      const pairs = await compared(async () => {
        const { status } = await door.answer(request({ 'x-line-signature': shown }));
        assert.equal(status, 401, shown);
      });
      assert.deepEqual(pairs, [[32, 32]], shown);
    }
  });

  it('[TG-1] is compared in constant time at Telegram’s door', async () => {
    const watched = watchedContext(telegramDescriptor, {}, {});
    let handler: WebhookHandler | undefined;
    const context = {
      ...watched.context,
      webhook: (...[options, given]: Parameters<typeof watched.context.webhook>) => {
        handler = given;
        return watched.context.webhook(options, given);
      },
    };
    let told = '';
    const api = {
      setWebhook: async (_url: string, { secret_token }: { secret_token: string }) => {
        told = secret_token;
      },
    };
    await new TelegramDoor(api as never, context, async () => {}, '', true).start();
    assert.ok(handler && told.length > 20);
    for (const shown of shownInstead(told)) {
      const pairs = await compared(async () => {
        const answer = await handler?.(request({ 'x-telegram-bot-api-secret-token': shown }));
        assert.equal(answer?.status, 401, shown);
      });
      assert.deepEqual(pairs, [[32, 32]], shown);
    }
  });
});
