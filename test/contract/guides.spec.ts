import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import type { ChannelGuide } from '../../src/channels/contract';
import { skip } from '../harness/report';
import { TestSession } from '../helpers/session';
import { until } from '../unit/channels/support';
import type { ChannelBench } from './bench';
import { allBenches } from './benches';
import { DiscordBench } from './benches/discord';
import { MatrixBench } from './benches/matrix';
import { SlackBench } from './benches/slack';
import { TwitchBench } from './benches/twitch';

/** What a step of a guide says between two words of its own. */
function toldIn(bench: ChannelBench, pattern: RegExp): readonly string[] {
  const told = bench.descriptor.setup.map((step) => pattern.exec(step)).find((match) => match !== null);
  assert.ok(told, `no step says ${pattern}`);
  return told.slice(1).flatMap((list) => (list ?? '').split(/, | and /));
}

interface Outcome {
  readonly state: string;
  /** What the channel says of itself, or of the credentials that it did not take. */
  readonly says: string;
}

/** The channel in the product, with these settings, up to where it is online or says what is wrong. */
async function tryIt<T>(
  bench: ChannelBench,
  options: {
    settings?: Record<string, unknown>;
    secrets?: Record<string, string>;
    /** What happens between the check of the credentials and the connection. */
    before?: () => Promise<void>;
    /** What it should come to; online when absent. */
    state?: 'fatal' | 'waiting';
  },
  then: (outcome: Outcome, session: TestSession) => Promise<T> | T,
): Promise<T> {
  const { id } = bench.descriptor;
  const settings = { ...bench.settings(), ...options.settings };
  const tested = await TestSession.start({ channels: { [id]: settings } });
  try {
    const { channels, webhooks } = tested.session;
    const secrets = options.secrets ?? bench.secrets();
    const refused =
      Object.keys(secrets).length === 0
        ? undefined
        : await channels.credentials.store(id, secrets).then(
            () => undefined,
            (error: Error) => error.message,
          );
    if (refused !== undefined) return await then({ state: 'refused', says: refused }, tested);
    await options.before?.();
    await channels.enable(id);
    const door = await webhooks.addressOf(id);
    if (door) bench.calls?.(door.url);
    const view = () => channels.list().find((channel) => channel.id === id);
    // Discord, for one, takes the next login only after a while: what is waited for may come at a second try.
    const { state = 'online' } = options;
    await until(() => view()?.state === state, `${id} to be ${state}`, 15_000).catch(() => undefined);
    return await then({ state: view()?.state ?? '', says: view()?.detail ?? '' }, tested);
  } finally {
    await tested.remove();
  }
}

async function played<B extends ChannelBench, T>(bench: B, run: (bench: B) => Promise<T>): Promise<T> {
  await bench.start(1);
  try {
    return await run(bench);
  } finally {
    await bench.stop();
  }
}

/** Somebody pairs and is answered, in a direct message. */
async function worksFor(bench: ChannelBench, tested: TestSession): Promise<void> {
  const { code } = await tested.engine.pairing.issue({ channel: bench.descriptor.id, context: 'dm' });
  await bench.say({ text: code, context: 'dm' });
  await until(
    () => bench.seen('dm').some(({ text }) => /connected now|paired now/.test(text)),
    'an answer to the code',
    15_000,
  );
  assert.deepEqual(bench.violations(), []);
}

const without = (list: readonly string[], one: string) => list.filter((other) => other !== one);

describe('the setup guides, followed to the letter', function () {
  this.timeout(60_000);

  it('Slack: the permissions that are named are enough, and none of them is too much', async () => {
    const scopes = toldIn(new SlackBench(), /Bot Token Scopes: add (.+) and no others/);
    assert.ok(scopes.length >= 3);
    await played(new SlackBench(), async (bench) => {
      bench.peer.scopes = scopes.join(',');
      await tryIt(bench, {}, async ({ state, says }, tested) => {
        assert.equal(state, 'online', says);
        assert.doesNotMatch(says, /not needed/);
        await worksFor(bench, tested);
      });
      for (const scope of scopes) {
        bench.peer.scopes = without(scopes, scope).join(',');
        await tryIt(bench, {}, ({ state, says }) => {
          assert.equal(state, 'refused', `without ${scope}`);
          assert.ok(says.includes(scope), says);
        });
      }
      const files = toldIn(bench, /For files also (\S+) .* and (\S+) /);
      bench.peer.scopes = [...scopes, ...files].join(',');
      await tryIt(bench, {}, ({ says }) => assert.doesNotMatch(says, /not needed/));
    });
  });

  it('Slack: each event that is named is one without which something is not heard', async () => {
    const events = toldIn(new SlackBench(), /bot events (.+)\.$/);
    await played(new SlackBench(), async (bench) => {
      bench.peer.subscribed = new Set(events);
      await tryIt(bench, {}, (_, tested) => worksFor(bench, tested));
      const delivered = () => bench.peer.deliveries.length;
      for (const [event, context] of [
        ['message.im', 'dm'],
        ['app_mention', 'group'],
      ] as const) {
        assert.ok(events.includes(event), `${event} is not named`);
        bench.peer.subscribed = new Set(without(events, event));
        const before = delivered();
        await bench.say({ text: 'hello', context });
        assert.equal(delivered(), before, `${event} is not needed`);
      }
    });
  });

  it('Twitch: the scopes that are named are enough, and none of them is too much', async () => {
    const scopes = toldIn(new TwitchBench(), /with the scopes (.+) and no others; for whispers also (.+)\.$/);
    await played(new TwitchBench(), async (bench) => {
      bench.peer.scopes = [...scopes];
      await tryIt(bench, {}, async ({ state, says }, tested) => {
        assert.equal(state, 'online', says);
        await worksFor(bench, tested);
        const { reported } = tested.session.channels.list().find(({ id }) => id === 'twitch') ?? {};
        assert.deepEqual(reported?.extraScopes, []);
      });
      for (const scope of scopes) {
        bench.peer.scopes = without(scopes, scope).slice();
        await tryIt(bench, {}, ({ state, says }) => {
          assert.equal(state, 'refused', `without ${scope}`);
          assert.ok(says.includes(scope), says);
        });
      }
    });
  });

  it('Discord: no privileged intent is needed, and the one that a setting asks for is named when it is off', async () => {
    const steps = new DiscordBench().descriptor.setup.join('\n');
    const [, intent = '', key = ''] =
      /(Message Content Intent) stays off too, unless “cowork\.channels\.discord\.(\w+)” is on/.exec(steps) ??
      [];
    await played(new DiscordBench(), async (bench) => {
      bench.peer.gateway.allowedIntents = 0;
      await tryIt(bench, {}, async ({ state, says }, tested) => {
        assert.equal(state, 'online', says);
        await worksFor(bench, tested);
      });
      await tryIt(bench, { settings: { [key]: true }, state: 'fatal' }, ({ state, says }) => {
        assert.equal(state, 'fatal', says);
        assert.ok(intent !== '' && says.includes(intent) && says.includes(key), says);
      });
      bench.peer.gateway.allowedIntents = 1 << 15;
      await tryIt(bench, { settings: { [key]: true } }, ({ state, says }) =>
        assert.equal(state, 'online', says),
      );
    });
  });

  it('Matrix: the login that is written out gives the tokens that the wizard asks for', async function () {
    const bench = new MatrixBench();
    const step = bench.descriptor.setup.find((text) => text.includes('/login')) ?? '';
    const [command = '', body = ''] = [...step.matchAll(/`([^`]+)`/g)].map(([, run]) => run ?? '');
    await played(bench, async () => {
      bench.peer.sessions.passwords.set('work-bot', 'the password "of" it');
      const address = command.replace('https://matrix.example.org', bench.peer.url);
      const answer = await typed(
        address,
        body.replace('USER', 'work-bot').replace('PASSWORD', 'the password \\"of\\" it'),
      );
      if (answer === undefined) return skip(this, 'curl is not installed');
      const { access_token: accessToken, refresh_token: refreshToken } = answer;
      assert.ok(accessToken && refreshToken, JSON.stringify(answer));
      await tryIt(bench, { secrets: { accessToken, refreshToken } }, async ({ state, says }, tested) => {
        assert.equal(state, 'online', says);
        await worksFor(bench, tested);
        const { reported } = tested.session.channels.list().find(({ id }) => id === 'matrix') ?? {};
        assert.equal(reported?.refreshes, true);
      });
    });
  });

  for (const { name, make } of allBenches()) {
    const { absent, descriptor } = make();
    if (name === 'local' || descriptor.platforms?.includes(process.platform) === false) continue;
    const { id } = descriptor;

    it(`${name}: what is said of a credential that is no longer good, or a platform that is away, is in the guide`, async function () {
      if (absent !== undefined) return skip(this, absent);
      const { [`${id}Guide`]: guide } = require(`../../src/channels/${id}/guide`) as Record<
        string,
        ChannelGuide
      >;
      assert.ok(guide);
      for (const [fault, state] of [
        ['revoke', 'fatal'],
        ['down', 'waiting'],
      ] as const) {
        await played(make(), async (bench) => {
          if (!bench.faults.includes(fault)) return;
          // Teams and Google Chat are asked for nothing more once the credentials are known to be good.
          if (fault === 'down' && ['teams', 'googlechat'].includes(id)) return;
          const before = () => bench.inject(fault);
          await tryIt(bench, { before, state }, (found) => {
            assert.equal(found.state, state, `${fault}: ${found.says}`);
            assert.ok(
              guide.troubles.some((row) => isAbout(row.says, found.says)),
              `${fault}: the guide has no advice for “${found.says}”`,
            );
          });
        });
      }
    });
  }
});

/** Whether a row of the guide is about this: all that stands between its “…” is said, in that order. */
function isAbout(row: string, said: string): boolean {
  let at = 0;
  return row
    .replace(/ Next try at …$/, '')
    .split('…')
    .map((part) => part.trim())
    .every((part) => {
      const found = said.indexOf(part, at);
      at = found + part.length;
      return found >= 0;
    });
}

/** Runs a command as it is written, and types this into it. Undefined where its program is not installed. */
function typed(command: string, input: string): Promise<Record<string, string> | undefined> {
  return new Promise((resolve, reject) => {
    const child = execFile('sh', ['-c', command], { timeout: 15_000 }, (error, stdout) => {
      if (error?.code === 127) resolve(undefined);
      else if (error) reject(error);
      else resolve(JSON.parse(stdout) as Record<string, string>);
    });
    child.stdin?.end(input);
  });
}
