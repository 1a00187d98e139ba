import { BOT_USER, TEAM } from '../../peers/slack/slack-api';
import type { CalledBench } from '../attacks';
import { type Letter, opensslHmac, post } from '../letter';
import { FAULTS_OF_CALLERS } from '../peer-bench';
import { SlackBench } from './slack';

export const SIGNING_SECRET = '8f742231b10e8888abcd99yyyzzz85a5'.replace(/[g-z]/g, '0');
/** Milliseconds within which Slack wants an answer. */
const WITHIN_MS = 3_000;

/** Slack by HTTP: it calls us. */
export class SlackHttpBench extends SlackBench implements CalledBench {
  override readonly speed = 10;
  readonly pushOnly = true;
  readonly unproven = ['signingSecret'];
  override readonly faults = FAULTS_OF_CALLERS;
  private door = '';

  override async start(speed: number): Promise<void> {
    await super.start(speed);
    this.peer.caller = async (type, payload, repetition) => {
      if (this.peer.trouble === 'down' || this.door === '') return false;
      const letter = this.sign(type, payload, repetition);
      const late = new Promise<undefined>((resolve) => setTimeout(resolve, WITHIN_MS, undefined).unref());
      const answer = await Promise.race([post(letter).catch(() => undefined), late]);
      return answer?.status === 200;
    };
  }

  calls(url: string): void {
    this.door = url;
  }

  override settings(): Record<string, unknown> {
    return { ...super.settings(), mode: 'http' };
  }

  override secrets(): Record<string, string> {
    const { botToken } = super.secrets();
    return { botToken: botToken ?? '', signingSecret: SIGNING_SECRET };
  }

  async genuine(text: string): Promise<Letter> {
    const event = {
      type: 'message',
      channel: 'D0001',
      channel_type: 'im',
      user: 'U0001',
      text,
      ts: this.peer.newTs(),
      team: TEAM,
    };
    return this.sign('events_api', this.envelope(event), 0);
  }

  envelope(event: Record<string, unknown>, outer: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      token: 'deprecated',
      team_id: TEAM,
      api_app_id: 'A0001',
      type: 'event_callback',
      event_id: `Ev${this.peer.newTs()}`,
      authorizations: [{ enterprise_id: null, team_id: TEAM, user_id: BOT_USER, is_bot: true }],
      is_ext_shared_channel: false,
      event,
      ...outer,
    };
  }

  /** `stamp` in seconds since the epoch. */
  sign(
    type: string,
    payload: unknown,
    repetition = 0,
    stamp = String(Math.floor(Date.now() / 1000)),
    secret = SIGNING_SECRET,
  ): Letter {
    const form = type === 'interactive';
    const json = typeof payload === 'string' ? payload : JSON.stringify(payload);
    const body = Buffer.from(form ? new URLSearchParams({ payload: json }).toString() : json);
    const signed = opensslHmac(secret, Buffer.concat([Buffer.from(`v0:${stamp}:`), body]));
    return {
      method: 'POST',
      url: this.door,
      headers: [
        ['Content-Type', form ? 'application/x-www-form-urlencoded' : 'application/json'],
        ['X-Slack-Request-Timestamp', stamp],
        ['X-Slack-Signature', `v0=${signed.toString('hex')}`],
        ...(repetition > 0
          ? ([
              ['X-Slack-Retry-Num', String(repetition)],
              ['X-Slack-Retry-Reason', 'http_timeout'],
            ] as const)
          : []),
      ],
      body,
    };
  }
}

export const makeBench = (): CalledBench => new SlackHttpBench();
