import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { draft, type Head, Signer, type VerifyReport, verifyDirectory } from '../../../src/engine/journal';
import { signHead } from '../../../src/engine/journal/heads';
import { type ChainEnd, EMPTY_CHAIN, parseRecord, sealLine } from '../../../src/engine/journal/line';
import { note, scratch } from '../../unit/journal/support';
import { newKey, type Signed, signedStore, writeSigned } from '../../unit/store/signed';
import { type Files, filesIn, memoryFs } from './memory-fs';

/** Random edits of a whole journal; the long run is for COWORK_FULL. */
const FULL = process.env.COWORK_FULL === '1';
const RUNS = FULL ? 20_000 : 400;

const isSegment = (name: string) => /^\d{8}\.jsonl$/.test(name);
const isRecord = (name: string) => isSegment(name) || name === 'heads.jsonl' || name === 'checkpoint.json';

interface Original {
  readonly files: Files;
  readonly head: Head;
  readonly key: KeyObject;
}

/** Names and lines of the segments, to aim edits at. */
function linesOf(files: Files): { name: string; lines: string[] }[] {
  return [...files]
    .filter(([name]) => isSegment(name))
    .map(([name, bytes]) => ({ name, lines: bytes.toString('utf8').split('\n').slice(0, -1) }));
}

function withLines(files: Files, name: string, lines: readonly string[]): Files {
  return new Map(files).set(name, Buffer.from(lines.map((line) => `${line}\n`).join('')));
}

/** All lines again as a forger would write them who knows the format but not the key: everything hashes right. */
function rechained(files: Files, change: (lines: string[]) => string[]): Files {
  const segments = linesOf(files);
  const all = change(segments.flatMap(({ lines }) => lines));
  const first = parseRecord(all[0] ?? '');
  let end: ChainEnd = first ? { seq: first.seq - 1, at: 0, hash: first.prev } : EMPTY_CHAIN;
  const out = new Map(files);
  for (const { name } of segments) out.delete(name);
  const perSegment = segments[0]?.lines.length ?? 4;
  let name = segments[0]?.name ?? '00000001.jsonl';
  let text = '';
  for (const [i, line] of all.entries()) {
    const record = parseRecord(line);
    if (!record) continue;
    const { line: sealed, seal } = sealLine(draft(record), end, record.at);
    text += `${sealed}\n`;
    end = seal;
    out.set(name, Buffer.from(text));
    if ((i + 1) % perSegment !== 0) continue;
    name = `${String(seal.seq + 1).padStart(8, '0')}.jsonl`;
    text = '';
  }
  return out;
}

type Edit = (original: Original, at: (bound: number) => number) => Files;

const spoilBytes =
  (spoil: (bytes: Buffer, at: (bound: number) => number) => Buffer): Edit =>
  ({ files }, at) => {
    const names = [...files.keys()];
    const name = names[at(names.length)] ?? '';
    return new Map(files).set(name, spoil(Buffer.from(files.get(name) ?? ''), at));
  };

const spoilLines =
  (spoil: (lines: string[], at: (bound: number) => number) => string[]): Edit =>
  ({ files }, at) => {
    const segments = linesOf(files);
    const { name, lines } = segments[at(segments.length)] ?? { name: '', lines: [] };
    return withLines(files, name, spoil([...lines], at));
  };

const EDITS: Readonly<Record<string, Edit>> = {
  'flip bits of a byte': spoilBytes((bytes, at) => {
    const place = at(bytes.length);
    bytes[place] = (bytes[place] ?? 0) ^ (1 + at(255));
    return bytes;
  }),
  'delete some bytes': spoilBytes((bytes, at) => {
    const place = at(bytes.length);
    return Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + 1 + at(40))]);
  }),
  'insert some bytes': spoilBytes((bytes, at) => {
    const place = at(bytes.length + 1);
    const more = Buffer.from(Array.from({ length: 1 + at(8) }, () => at(256)));
    return Buffer.concat([bytes.subarray(0, place), more, bytes.subarray(place)]);
  }),
  'overwrite with zeros': spoilBytes((bytes, at) => bytes.fill(0, at(bytes.length))),
  'cut the end off a file': spoilBytes((bytes, at) => bytes.subarray(0, at(bytes.length))),
  'write behind the end of a file': spoilBytes((bytes, at) =>
    Buffer.concat([bytes, Buffer.from(Array.from({ length: 1 + at(8) }, () => at(256)))]),
  ),
  'repeat a part': spoilBytes((bytes, at) => Buffer.concat([bytes, bytes.subarray(at(bytes.length))])),
  'delete a file': ({ files }, at) => {
    const names = [...files.keys()];
    const gone = names[at(names.length)];
    return new Map([...files].filter(([name]) => name !== gone));
  },
  'swap two files': ({ files }, at) => {
    const names = [...files.keys()];
    const [a = '', b = ''] = [names[at(names.length)], names[at(names.length)]];
    return new Map(files).set(a, files.get(b) ?? Buffer.alloc(0)).set(b, files.get(a) ?? Buffer.alloc(0));
  },
  'delete a line': spoilLines((lines, at) => lines.toSpliced(at(lines.length), 1)),
  'repeat a line': spoilLines((lines, at) =>
    lines.toSpliced(at(lines.length + 1), 0, lines[at(lines.length)] ?? ''),
  ),
  'swap two lines': spoilLines((lines, at) => {
    const [a, b] = [at(lines.length), at(lines.length)];
    return lines.with(a, lines[b] ?? '').with(b, lines[a] ?? '');
  }),
  'cut the last lines off everything': ({ files }, at) => {
    const segments = linesOf(files);
    let left = at(segments.reduce((n, { lines }) => n + lines.length, 0));
    const out = new Map(files);
    for (const { name, lines } of segments) {
      const kept = lines.slice(0, Math.max(left, 0));
      left -= lines.length;
      if (kept.length > 0) out.set(name, Buffer.from(kept.map((line) => `${line}\n`).join('')));
      else out.delete(name);
    }
    return out;
  },
  'edit a field': spoilLines((lines, at) => {
    const i = at(lines.length);
    const record = JSON.parse(lines[i] ?? '{}');
    const field = ['actor', 'subject', 'type', 'at', 'seq', 'hash', 'prev', 'data'][at(8)] ?? '';
    record[field] = typeof record[field] === 'number' ? record[field] + 1 + at(5) : `x${at(1000)}`;
    return lines.with(i, JSON.stringify(record));
  }),
  'write the same with other white space or escapes': spoilLines((lines, at) => {
    const i = at(lines.length);
    const line = lines[i] ?? '';
    return lines.with(i, at(2) === 0 ? line.replace(',', ', ') : line.replace('n', '\\u006e'));
  }),
  'edit a record and hash everything after it again': ({ files }, at) =>
    rechained(files, (lines) => {
      const i = at(lines.length);
      const record = JSON.parse(lines[i] ?? '{}');
      return lines.with(i, JSON.stringify({ ...record, data: { code: 'forged', text: String(at(1000)) } }));
    }),
  'delete a record and hash everything after it again': ({ files }, at) =>
    rechained(files, (lines) => lines.toSpliced(at(lines.length), 1)),
  'insert a record and hash everything after it again': ({ files }, at) =>
    rechained(files, (lines) => lines.toSpliced(at(lines.length + 1), 0, lines[at(lines.length)] ?? '')),
  'forge records and sign them with another key': ({ files, head }, at) => {
    const out = rechained(files, (lines) => lines.slice(0, 1 + at(lines.length)));
    const last = parseRecord(linesOf(out).at(-1)?.lines.at(-1) ?? '');
    const forged = { ...head, seq: last?.seq ?? 1, hash: last?.hash ?? head.hash };
    const { key: _key, signature: _signature, ...statement } = forged;
    const signed = signHead(Signer.fromPkcs8(newKey()), statement);
    return out.set('heads.jsonl', Buffer.from(`${JSON.stringify(signed)}\n`));
  },
};

const same = (a: Files, b: Files) =>
  a.size === b.size && [...a].every(([name, bytes]) => b.get(name)?.equals(bytes) === true);

function check({ head, key }: Original, files: Files): Promise<VerifyReport> {
  return verifyDirectory('/memory', { fs: memoryFs(files), publicKey: key, rememberedHead: head });
}

describe('tampering with a journal', () => {
  const originals: Original[] = [];
  before(async () => {
    for (const retained of [false, true]) {
      const { path, remove } = scratch();
      const signed: Signed = await writeSigned(path, [5, 6, 7]);
      if (retained) {
        const store = signedStore(signed);
        await store.open();
        await store.retain({ keep: 9 });
        await store.append(note(19, 'with "quotes", ünïcode 😀 and \u0000'));
        await store.close();
      }
      originals.push({
        files: filesIn(path, isRecord),
        head: signed.memory.head!,
        key: signed.signer.publicKey,
      });
      remove();
    }
  });

  it('finds nothing when nothing was done', async () => {
    for (const original of originals) {
      const report = await check(original, original.files);
      assert.deepEqual(
        [report.intact, report.notes.length <= 1],
        [true, true],
        JSON.stringify(report.damage),
      );
    }
  });

  it(`[FAQ-7] is found, with its place, in each of ${RUNS} random edits`, async () => {
    const names = Object.keys(EDITS);
    const tried = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.integer({ min: 0, max: 1 }),
        fc.array(fc.nat({ max: 2 ** 31 - 1 }), { minLength: 12, maxLength: 12 }),
        async (name, which, numbers) => {
          const original = originals[which]!;
          let used = 0;
          const at = (bound: number) => {
            used += 1;
            return bound === 0 ? 0 : (numbers[used % numbers.length] ?? 0) % bound;
          };
          const files = EDITS[name]?.(original, at) ?? new Map();
          if (same(files, original.files)) return;
          tried.set(name, (tried.get(name) ?? 0) + 1);
          const report = await check(original, files);
          assert.equal(report.intact, false, 'not detected');
          const [first] = report.damage;
          assert.ok(
            first && first.segment !== '' && first.line >= 0 && first.text.length > 20,
            JSON.stringify(first),
          );
        },
      ),
      { numRuns: RUNS },
    );
    // Each kind of edit did change something.
    assert.deepEqual([...tried.keys()].sort(), [...names].sort());
  }).timeout(3_600_000);

  it(`[FAQ-7] is found at ${FULL ? 'every place' : 'a sample of places'} of every file: a byte more, a byte less, a bit turned`, async () => {
    for (const original of originals) {
      for (const [name, bytes] of original.files) {
        const put = (place: number, gone: number, more: readonly number[]) =>
          Buffer.concat([bytes.subarray(0, place), Buffer.from(more), bytes.subarray(place + gone)]);
        for (let place = 0; place <= bytes.length; place += FULL || place >= bytes.length - 4 ? 1 : 97) {
          const was = bytes[place] ?? 0;
          // A blank and a line feed are what a format forgives most.
          const edits = [put(place, 0, [0]), put(place, 0, [32]), put(place, 0, [10])];
          if (place < bytes.length) edits.push(put(place, 1, []), put(place, 1, [was ^ 1]));
          for (const [i, edited] of edits.entries()) {
            const report = await check(original, new Map(original.files).set(name, edited));
            assert.equal(report.intact, false, `${name}, edit ${i} at ${place} of ${bytes.length}`);
          }
        }
      }
    }
  }).timeout(3_600_000);

  it('is found when a signature is written in another way that means the same', async () => {
    for (const original of originals) {
      for (const [name, bytes] of original.files) {
        const text = bytes.toString('utf8');
        const end = text.lastIndexOf('==",');
        if (end < 0) continue;
        const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
        const other = alphabet[alphabet.indexOf(text[end - 1] ?? '') ^ 1] ?? '';
        const spoiled = `${text.slice(0, end - 1)}${other}${text.slice(end)}`;
        const report = await check(original, new Map(original.files).set(name, Buffer.from(spoiled)));
        assert.equal(report.intact, false, name);
      }
    }
  });

  it('[FAQ-7] is found when any single byte is flipped', async () => {
    const original = originals[0]!;
    const step = process.env.COWORK_FULL === '1' ? 1 : 29;
    for (const [name, bytes] of original.files) {
      for (let place = 0; place < bytes.length; place += step) {
        const spoiled = Buffer.from(bytes);
        spoiled[place] = (spoiled[place] ?? 0) ^ (1 << (place % 8));
        const report = await check(original, new Map(original.files).set(name, spoiled));
        assert.equal(report.intact, false, `byte ${place} of ${name}`);
      }
    }
  }).timeout(3_600_000);
});
