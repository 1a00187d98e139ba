import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Head, nodeFs, readPublicKey, Signer, verifyDirectory } from '../../../src/engine/journal';
import { readBackup } from '../../../src/engine/journal/backup';
import { scanDirectory } from '../../../src/engine/journal/scan';
import type { AnyRecord } from '../../../src/engine/model/record';
import { segmentFiles } from '../journal/support';
import { bundled } from './bundled';
import { newKey } from './signed';
import { localStore, note, scratch, type TallyState, tally } from './support';

const FULL = process.env.COWORK_FULL === '1';
const KEY = newKey();
const PUBLIC = Signer.fromPkcs8(KEY).publicKey;

interface Life {
  readonly acks: Map<number, string>;
  readonly head: Head | undefined;
  readonly calls: string[];
  readonly done: boolean;
}

describe('store killed with SIGKILL', function () {
  this.timeout(600_000);
  let root: string;
  let remove: () => void;
  let program: string;
  before(() => {
    ({ path: root, remove } = scratch());
    program = bundled('crash-child.ts');
  });
  after(() => remove());

  /** Runs the program; `killAfter` milliseconds after its first acknowledgement it is killed from outside. */
  function live(args: readonly string[], killAfter?: number): Promise<Life> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
      let text = '';
      let errors = '';
      let timer: NodeJS.Timeout | undefined;
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (killAfter !== undefined && !timer && text.includes('ack ')) {
          timer = setTimeout(() => child.kill('SIGKILL'), killAfter);
        }
      });
      child.stderr.on('data', (chunk: Buffer) => {
        errors += chunk.toString();
      });
      child.on('close', (code, signal) => {
        if (signal !== 'SIGKILL' && code !== 0) reject(new Error(`the program failed: ${errors}`));
        // What follows the last line feed was being printed when it died.
        else resolve(readLife(text.slice(0, text.lastIndexOf('\n') + 1)));
      });
    });
  }

  function readLife(text: string): Life {
    const acks = new Map<number, string>();
    const calls: string[] = [];
    let head: Head | undefined;
    for (const line of text.split('\n')) {
      const [word, ...rest] = line.split(' ');
      if (word === 'ack') acks.set(Number(rest[0]), rest[1] ?? '');
      if (word === 'head') head = JSON.parse(line.slice(5));
      if (word === 'call') calls.push(rest.slice(1).join(' '));
    }
    return { acks, head, calls, done: text.includes('done\n') };
  }

  /** Starts again where something died and checks all that was promised. */
  async function mustHold(directory: string, lives: readonly Life[], version: number): Promise<void> {
    const newest = existsSync(directory) ? segmentFiles(directory).at(-1) : undefined;
    const torn = newest !== undefined && !/(^|\n)$/.test(readFileSync(join(directory, newest), 'utf8'));
    const head = lives.map((life) => life.head).findLast((it) => it);
    const projection = { ...tally, version };
    const store = localStore(directory, {
      projections: [projection],
      segmentRecords: 4,
      keys: { load: async () => KEY },
      ...(head ? { heads: { load: async () => head, save: async () => {} } } : {}),
    });
    const report = await store.open();
    assert.deepEqual(report.damage, []);
    assert.equal(report.recovered !== undefined, torn, 'what was cut is reported');
    // Numbers that no writer uses.
    await store.append(note(900_000_000 + report.lastSeq));
    await store.close();

    const records: AnyRecord[] = [];
    for await (const batch of scanDirectory(directory)) records.push(...batch);
    assert.deepEqual(
      records.map((record) => record.seq),
      records.map((_, i) => report.firstSeq + i),
    );
    const codes = records.map((record) => (record.data as { code: string }).code);
    assert.equal(new Set(codes).size, codes.length, 'nothing twice');
    const bySeq = new Map(records.map((record, i) => [record.seq, codes[i]]));
    for (const { acks } of lives) {
      for (const [seq, code] of acks) {
        if (seq >= report.firstSeq) assert.equal(bySeq.get(seq), code, `acknowledged record ${seq}`);
      }
    }
    const state = report.states.tally as TallyState;
    assert.equal(state.codes.length, report.lastSeq, 'the states know every record once');
    assert.deepEqual(state.codes.slice(report.firstSeq - 1), codes.slice(0, -1));
    const verified = await verifyDirectory(directory, {
      publicKey: PUBLIC,
      ...(head ? { rememberedHead: head } : {}),
    });
    assert.deepEqual(verified.damage, []);
  }

  it('at every step of appending, rotating, snapshot, replay, backup and retention, keeps what it promised', async () => {
    const whole = join(root, 'whole');
    mkdirSync(whole);
    const { calls, done } = await live(['life', join(whole, 'journal'), KEY]);
    assert.ok(done && calls.length >= 60, `${calls.length} calls`);
    const points = calls.flatMap((call, i) =>
      call.startsWith('write ')
        ? [
            { i, call, mode: 'before' },
            { i, call, mode: 'within' },
          ]
        : [{ i, call, mode: 'before' }],
    );
    // Seeded: the same points each time, a different kind of call in each.
    const chosen = FULL ? points : points.filter((_, i) => (i * 7919) % points.length < 8);
    let died = 0;
    await sideBySide(chosen, async ({ i, call, mode }) => {
      const place = join(root, `life-${i}-${mode}`);
      mkdirSync(place);
      const directory = join(place, 'journal');
      const life = await live(['life', directory, KEY, String(i + 1), mode]);
      if (!life.done) died += 1;
      try {
        await mustHold(directory, [life], 2);
        const backup = join(place, 'backup');
        if (existsSync(backup)) await readBackup(nodeFs, backup, join(place, 'restored'), 'passphrase');
      } catch (error) {
        throw new Error(
          `killed ${mode} call ${i + 1}, ${call}: ${error instanceof Error ? error.message : error}`,
          { cause: error },
        );
      }
      rmSync(place, { recursive: true });
    });
    assert.equal(died, chosen.length, 'all of them died where they were meant to');
    console.log(`        died at ${died} of ${points.length} places`);
  });

  it('at any moment while eight writers write, again and again on one journal, keeps what it promised', async () => {
    // A journal dies many times before the next one is begun, so that each start stays short.
    const journals = FULL ? 20 : 1;
    const killsEach = FULL ? 25 : 4;
    let kills = 0;
    let records = 0;
    await sideBySide(
      Array.from({ length: journals }, (_, j) => j),
      async (j) => {
        const directory = join(root, `random-${j}`);
        const lives: Life[] = [];
        for (let k = 0; k < killsEach; k += 1) {
          // Spread without chance: a run can be repeated.
          const after = ((j * killsEach + k) * 37) % 120;
          const life = await live(['write', directory, KEY, String(k * 100_000)], after);
          assert.ok(life.acks.size > 0);
          lives.push(life);
          kills += 1;
          records += life.acks.size;
          await mustHold(directory, lives, 1);
        }
        assert.ok(readPublicKey(readFileSync(join(directory, 'key.pub'), 'utf8')));
        rmSync(directory, { recursive: true });
      },
    );
    console.log(`        killed ${kills} times, ${records} acknowledged records, all there`);
  });
});

/** Two at a time: each has a process that lives and dies beside the one that looks. */
async function sideBySide<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const lane = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all([lane(), lane()]);
}
