import { fork } from 'node:child_process';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createAdapter as createLine } from '../../src/channels/line/adapter';
import { lineDescriptor } from '../../src/channels/line/descriptor';
import { createAdapter as createTeams } from '../../src/channels/teams/adapter';
import { teamsDescriptor } from '../../src/channels/teams/descriptor';
import type { InboundMessage } from '../../src/engine/model/message';
import { LineBench } from '../contract/benches/line';
import { TeamsBench } from '../contract/benches/teams';
import { makeKey, signToken } from '../peers/jwt';
import { ACCESS_TOKEN, BOT, CHANNEL_SECRET } from '../peers/line/server';
import { PASSWORD } from '../peers/teams/connector';
import { watchedContext } from '../unit/channels/support';
import { Bench } from '../unit/webhook/support';
import { bytesKept } from './memory';

/** What the process that calls is to do. `@ID@` and `@TEXT@` of a template are filled in for each call. */
export interface LoadPlan {
  readonly seed: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Connections that send a byte now and then, at the same time. */
  readonly slow: number;
  readonly line: { readonly url: string; readonly secret: string; readonly template: string };
  readonly teams: {
    readonly url: string;
    readonly token: string;
    readonly forged: readonly string[];
    readonly template: string;
  };
}

export interface LoadReport {
  genuine: number;
  forged: number;
  /** Numbers of calls by status, or by the error of the connection. */
  genuineAnswers: Record<string, number>;
  forgedAnswers: Record<string, number>;
  /** Genuine calls that were made again, as the platform does when it was not answered. */
  repeated: number;
  /** Genuine calls that were never taken. */
  lost: number;
  /** How long it took to make all calls. */
  seconds: number;
  slowOpened: number;
  slowMost: number;
  /** How long a genuine call waited for its answer: p50, p99, longest. */
  genuineMs: [number, number, number];
}

export interface LoadOutcome {
  readonly report: LoadReport;
  /** Texts that were heard, in order. */
  readonly heard: readonly string[];
  /** Refusals on the record, by their reason. */
  readonly refused: Readonly<Record<string, number>>;
  readonly logged: readonly string[];
  /** Bytes of the heap that are kept more than before, the records of the test's journal among them. */
  readonly kept: number;
  /** The largest size of the process, in bytes, and the size before. */
  readonly most: number;
  readonly before: number;
  /** Delay of the event loop: p50, p99, longest, in milliseconds. */
  readonly delay: readonly [number, number, number];
  /** Processor time that the server's process took, in milliseconds; the platforms' are in it, which are idle. */
  readonly busyMs: number;
}

/** Nine of ten calls are forged; half go to LINE's door, which checks a signature, half to Teams', which checks a token. */
export async function webhookLoad(
  plan: Pick<LoadPlan, 'seed' | 'seconds' | 'perSecond' | 'slow'>,
): Promise<LoadOutcome> {
  const bench = new Bench();
  const server = bench.server();
  const line = new LineBench();
  const teams = new TeamsBench();
  await Promise.all([line.start(1), teams.start(1)]);
  const heard: string[] = [];
  // As the engine does: on the record first.
  const receive = async ({ channel, account, conversation, sender, platformId, text }: InboundMessage) => {
    await bench.journal.append({
      type: 'message.refused',
      actor: sender.id,
      subject: account,
      data: { channel, conversation, sender: sender.id, platformId, reason: 'stranger' },
    });
    heard.push(text);
  };
  const withDoor = (watched: ReturnType<typeof watchedContext>, id: string) => ({
    ...watched.context,
    receive,
    webhook: (...[options, handler]: Parameters<typeof watched.context.webhook>) =>
      server.open(id, options, handler),
  });
  const secrets = { accessToken: ACCESS_TOKEN, channelSecret: CHANNEL_SECRET };
  const adapters = [
    createLine(withDoor(watchedContext(lineDescriptor, line.settings(), secrets), 'line')),
    createTeams(
      withDoor(watchedContext(teamsDescriptor, teams.settings(), { appPassword: PASSWORD }), 'teams'),
    ),
  ];
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let most = 0;
  const sizes = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 100);
  try {
    await Promise.all(adapters.map((adapter) => adapter.connect()));
    const whole = { ...plan, line: await linePlan(server, line), teams: await teamsPlan(server, teams) };
    const kept = bytesKept();
    const before = process.memoryUsage().rss;
    delay.enable();
    const used = process.cpuUsage();
    const report = await inAnotherProcess(whole);
    delay.disable();
    const { user, system } = process.cpuUsage(used);
    const ms = (share: number) => delay.percentile(share) / 1e6;
    const outcome = {
      report,
      heard,
      logged: bench.logged,
      kept: bytesKept() - kept,
      most,
      before,
      delay: [ms(50), ms(99), delay.max / 1e6] as const,
      busyMs: (user + system) / 1000,
    };
    await Promise.all(adapters.map((adapter) => adapter.disconnect()));
    await bench.close();
    return { ...outcome, refused: bench.refused() };
  } finally {
    clearInterval(sizes);
    await bench.close();
    await Promise.all([line.stop(), teams.stop()]);
  }
}

type Server = ReturnType<Bench['server']>;

async function addressOf(server: Server, channel: string): Promise<string> {
  const address = await server.addressOf(channel);
  if (!address) throw new Error(`${channel} has no door`);
  return address.url;
}

async function linePlan(server: Server, bench: LineBench): Promise<LoadPlan['line']> {
  const event = bench.event('dm', bench.people[0], {
    type: 'message',
    message: { id: '@ID@', type: 'text', text: '@TEXT@' },
    webhookEventId: '@ID@',
  });
  const letter = bench.sign({ destination: BOT.userId, events: [event] });
  return {
    url: await addressOf(server, 'line'),
    secret: CHANNEL_SECRET,
    template: Buffer.from(letter.body).toString('utf8'),
  };
}

async function teamsPlan(server: Server, bench: TeamsBench): Promise<LoadPlan['teams']> {
  const claims = bench.claims();
  const [key] = bench.peer.keys;
  if (!key) throw new Error('Teams has no key');
  const token = signToken(key, claims);
  const [head = '', body = '', seal = ''] = token.split('.');
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const seconds = Math.floor(Date.now() / 1000);
  return {
    url: await addressOf(server, 'teams'),
    token,
    forged: [
      // The dearest: all is right but who signed it.
      signToken({ ...makeKey('other'), kid: key.kid }, claims),
      signToken(key, { ...claims, aud: 'somebody-else' }),
      signToken(key, { ...claims, nbf: seconds - 7_200, exp: seconds - 3_600 }),
      signToken(makeKey('unknown'), claims),
      `${encode({ alg: 'none', typ: 'JWT' })}.${body}.`,
      `${encode({ alg: 'HS256', typ: 'JWT', kid: key.kid })}.${body}.${seal}`,
      `${head}.${body}.${seal.slice(0, -8)}`,
      'nothing',
    ],
    template: JSON.stringify({
      ...bench.activity('@TEXT@', 'dm', bench.people[0], true),
      id: '@ID@',
    }),
  };
}

function inAnotherProcess(plan: LoadPlan): Promise<LoadReport> {
  const child = fork(join(__dirname, '../programs/webhook-load.ts'), [], { execArgv: ['--import', 'tsx'] });
  // It ends by itself; the limit only ends one that hangs.
  const limit = setTimeout(() => child.kill('SIGKILL'), (plan.seconds * 4 + 60) * 1000);
  return new Promise<LoadReport>((resolve, reject) => {
    child.once('message', (report) => resolve(report as LoadReport));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The process that calls ended with ${code}.`)));
    child.send(plan);
  }).finally(() => clearTimeout(limit));
}
