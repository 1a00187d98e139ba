import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { audit } from '../../../src/cli/audit';
import { Signer } from '../../../src/engine/journal';
import { copyOf, newKey, type Signed, signedStore, writeSigned } from './signed';
import { history, localStore, note, scratch } from './support';

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await audit(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    env: { COWORK_PASSPHRASE: 'a passphrase' },
  });
  return { code, out, err };
}

describe('cowork audit', () => {
  let root: string;
  let remove: () => void;
  let signed: Signed;
  let dir: string;
  before(async () => {
    ({ path: root, remove } = scratch());
    dir = join(root, 'journal');
    signed = await writeSigned(dir, [6]);
    const store = signedStore(signed);
    await store.open();
    for (const record of history(3)) await store.append(record);
    await store.append(note(16, 'colour \u001b[31mred and bidi \u202e'));
    await store.close();
    writeFileSync(join(root, 'head.json'), JSON.stringify(signed.memory.head));
    const key = (signer: Signer) => signer.publicKey.export({ format: 'pem', type: 'spki' }).toString();
    writeFileSync(join(root, 'key.pem'), key(signed.signer));
    writeFileSync(join(root, 'other.pem'), key(Signer.fromPkcs8(newKey())));
  });
  after(() => remove());

  it('[FAQ-7] verify says intact, and how far that goes', async () => {
    const bare = await run('verify', dir);
    assert.deepEqual([bare.code, bare.err], [0, '']);
    assert.match(bare.out, /^Intact: 16 records, 1 to 16, 3 signed heads/);
    assert.match(bare.out, /Note: No remembered head.*\nNote: The key was taken from the folder itself/);
    const full = await run('verify', dir, '--key', join(root, 'key.pem'), '--head', join(root, 'head.json'));
    assert.deepEqual([full.code, full.out.includes('Note:')], [0, false]);
  });

  it('[FAQ-7] verify names segment, line and number of the damage, and exits with 1', async () => {
    const copy = copyOf(dir);
    const path = join(copy, '00000005.jsonl');
    writeFileSync(path, readFileSync(path, 'utf8').replace('please run number0', 'please run number9'));
    const { code, out } = await run('verify', copy);
    assert.equal(code, 1);
    assert.match(out, /^DAMAGED {2}Record 7 \(00000005\.jsonl, line 3\) was changed/);
    const json = JSON.parse((await run('verify', copy, '--json')).out);
    assert.deepEqual(
      [json.intact, json.damage[0].segment, json.damage[0].line, json.damage[0].seq],
      [false, '00000005.jsonl', 3, 7],
    );
    rmSync(copy, { recursive: true });
  });

  it("verify tells yesterday's copy and another key from the remembered head and the known key", async () => {
    const copy = join(root, 'rolled-back');
    await writeSigned(copy, [6]);
    assert.match(
      (await run('verify', copy, '--head', join(root, 'head.json'))).out,
      /the last 10 records are gone/,
    );
    assert.match((await run('verify', dir, '--key', join(root, 'other.pem'))).out, /signed with another key/);
    assert.equal((await run('verify', copy)).code, 0);
  });

  it('tail and query show what is looked for, with nothing that moves the terminal', async () => {
    const tail = await run('tail', dir, '-n', '2');
    assert.deepEqual(
      tail.out
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t')[0]),
      ['15', '16'],
    );
    assert.ok(tail.out.includes('\\u001b[31mred') && tail.out.includes('\\u{202e}'), tail.out);
    assert.ok(!tail.out.includes('\u001b') && !tail.out.includes('\u202e'));
    const query = await run('query', dir, '--effect', 'deny', '--json');
    assert.deepEqual(
      query.out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).data.effect),
      ['deny'],
    );
    const two = await run(
      'query',
      dir,
      '--type',
      'decision.made',
      '--type',
      'task.state',
      '--from',
      '2020-01-01',
    );
    assert.equal(two.out.trimEnd().split('\n').length, 6);
  });

  it('export writes to standard output or to a file', async () => {
    const { out } = await run('export', dir, '--format', 'csv', '--text', 'please');
    assert.equal(out.split('\r\n').length, 5);
    const target = join(root, 'all.jsonl');
    assert.equal((await run('export', dir, '--out', target)).code, 0);
    assert.equal(readFileSync(target, 'utf8').trimEnd().split('\n').length, 16);
  });

  it('[FAQ-2] shows no key of a well-known shape, in lists and exports, and says that it hid some', async () => {
    const place = join(root, 'leaky');
    const store = localStore(place, { keys: signed.keys });
    await store.open();
    await store.append(note(1, `export AWS_ACCESS_KEY_ID=${'AKIA'}ABCDEFGHIJKLMNOP`));
    await store.append(note(2, 'nothing here'));
    await store.close();
    const outputs = [await run('tail', place), await run('query', place, '--json')];
    for (const format of ['jsonl', 'csv', 'ocsf', 'cef'])
      outputs.push(await run('export', place, '--format', format));
    for (const { code, out } of outputs) {
      assert.equal(code, 0);
      assert.ok(!out.includes('ABCDEFGHIJKLMNOP') && out.includes('‹aws access key id›'), out);
    }
    assert.match(outputs.at(-1)?.err ?? '', /^1 of them held what looks like a key/);
  });

  it('receipt makes a proof that holds elsewhere, and not after a change', async () => {
    // One segment of the usual size: the command knows no other.
    const usual = join(root, 'usual');
    const store = localStore(usual, { keys: signed.keys });
    await store.open();
    for (const record of history(3)) await store.append(record);
    await store.close();
    const file = join(root, 'receipt.json');
    assert.equal((await run('receipt', usual, '7', '--out', file)).code, 0);
    assert.match((await run('receipt', '--check', file)).out, /^The receipt holds/);
    assert.equal((await run('receipt', '--check', file, '--key', join(root, 'key.pem'))).code, 0);
    assert.equal((await run('receipt', '--check', file, '--key', join(root, 'other.pem'))).code, 1);
    writeFileSync(file, readFileSync(file, 'utf8').replace('number2', 'number3'));
    assert.match(
      (await run('receipt', '--check', file)).out,
      /^DAMAGED {2}The record in the receipt was changed/,
    );
    assert.match((await run('receipt', usual, '99')).err, /no record 99/);
  });

  it('backup and restore give the same record again', async () => {
    const file = join(root, 'backup');
    const target = join(root, 'restored');
    assert.equal((await run('backup', dir, file)).code, 0);
    const restored = await run('restore', file, target);
    assert.deepEqual([restored.code, restored.out.startsWith('Intact: 16 records')], [0, true]);
    assert.equal((await run('verify', target, '--head', join(root, 'head.json'))).code, 0);
  });

  it('says what is wrong with the command line, and exits with 2', async () => {
    for (const args of [
      [],
      ['frobnicate'],
      ['verify'],
      ['verify', dir, dir],
      ['verify', dir, '--nonsense'],
      ['verify', join(root, 'nowhere')],
      ['verify', dir, '--head', join(root, 'key.pem')],
      ['query', dir, '--effect', 'perhaps'],
      ['query', dir, '--from', 'yesterday-ish'],
      ['tail', dir, '-n', 'many'],
      ['export', dir, '--format', 'xml'],
      ['receipt', dir, 'seven'],
      ['backup', dir, join(root, 'x'), '--passphrase-file', '/dev/null'],
    ]) {
      const { code, err } = await run(...args);
      assert.equal(code, 2, args.join(' '));
      assert.match(err, /\n\nLook at the record/, args.join(' '));
    }
    assert.equal((await run('--help')).code, 0);
  });
});
