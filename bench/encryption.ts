import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BOT, Homeserver } from '../test/peers/matrix/homeserver';
import { Person } from '../test/peers/matrix/person';
import type { BenchRow } from './decide';

const ROOM = '!room:example.test';
const TOKEN = 'syt_d29yay1ib3Q_abcdefghijklmnop_123456';
const PEOPLE = 20;
const EACH = 10;
const LINES = 100;

/** What the measured process is started with. */
export interface Start {
  readonly bundle: string;
  readonly homeserver: string;
  readonly token: string;
  readonly folder: string;
}
export type Order =
  | { readonly do: 'connect' }
  | { readonly do: 'hear'; readonly count: number }
  | { readonly do: 'say'; readonly room: string; readonly count: number }
  | { readonly do: 'disconnect' };
/** How the event loop fared while an order was carried out, in milliseconds. */
export interface Figures {
  /** The longest that it was held up. */
  readonly stallMs: number;
  readonly busyMs: number;
  readonly tookMs: number;
}

/**
 * The longest that encrypted traffic holds up the event loop of a process with nothing in it but the shipped bundle of
 * Matrix. The homeserver and everybody's devices are in this process. `COWORK_MATRIX_BUNDLE` measures another bundle.
 */
export async function run(): Promise<readonly BenchRow[]> {
  const bundle = process.env.COWORK_MATRIX_BUNDLE ?? join(process.cwd(), 'dist/channels/matrix.cjs');
  const server = new Homeserver();
  server.sessions.login(BOT, 'BOTDEVICE', TOKEN);
  const ids = Array.from({ length: PEOPLE }, (_, at) => `@person${at}:example.test`);
  server.world.create(ROOM, ids[0] ?? '', { encrypted: true });
  for (const id of [...ids.slice(1), BOT]) {
    server.world.member(ROOM, id, 'invite', ids[0]);
    server.world.member(ROOM, id, 'join');
  }
  await server.start();
  const folder = await mkdtemp(join(tmpdir(), 'cowork-bench-'));
  const start: Start = { bundle, homeserver: server.url, token: TOKEN, folder };
  const host = fork(join(__dirname, 'encryption-host.ts'), [JSON.stringify(start)], {
    execArgv: ['--import', 'tsx'],
  });
  const rows: BenchRow[] = [];
  const order = async (name: string, what: Order) => {
    host.send(what);
    const [figures]: Figures[] = await once(host, 'message');
    if (!figures) throw new Error('no figures');
    rows.push({ name: `${name}: longest stall`, value: figures.stallMs, unit: 'ms', goal: '< 16' });
    const share = `ms, in ${figures.tookMs.toFixed(0)} ms`;
    rows.push({ name: `${name}: loop busy`, value: figures.busyMs, unit: share });
  };
  try {
    await once(host, 'message');
    const people: Person[] = [];
    for (const [at, id] of ids.entries()) people.push(await Person.login(server, id, `DEVICE${at}`));
    await order('first connection', { do: 'connect' });
    await order(`${LINES} lines said`, { do: 'say', room: ROOM, count: LINES });
    await order('end', { do: 'disconnect' });
    const said = { msgtype: 'm.text', body: 'hello', 'm.mentions': { user_ids: [BOT] } };
    for (const person of people) for (let at = 0; at < EACH; at += 1) await person.say(ROOM, said);
    await order('connection with keys', { do: 'connect' });
    await order(`${PEOPLE * EACH} messages read`, { do: 'hear', count: PEOPLE * EACH });
    await order('the end', { do: 'disconnect' });
    for (const person of people) person.close();
    return rows;
  } finally {
    host.kill();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
