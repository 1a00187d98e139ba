import assert from 'node:assert/strict';
import { readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bindingHash } from '../../../src/engine/approvals/binding';
import { systemClock } from '../../../src/engine/model/ports';
import { decide } from '../../../src/engine/policy/decide';
import { sendTool } from '../../../src/engine/tools/send';
import { SentFiles } from '../../../src/engine/tools/sent-files';
import { facts, inside, policy, request } from '../policy/support';
import { makePlace, type Place, use } from './place';

describe('sending a file', () => {
  let place: Place;
  const file = (name: string) => join(place.workspace, name);
  const bytes = Buffer.from([0, 1, 2, 250, 251, 252]);

  beforeEach(() => {
    place = makePlace();
    writeFileSync(file('report.bin'), bytes);
  });
  afterEach(() => place.remove());

  it('hands over a copy that is kept for the owner only, outside the workspace', async () => {
    const result = await use(sendTool, { path: 'report.bin' }, place.context);
    assert.equal(result.ok, true, result.error);
    const [sent] = result.attachments ?? [];
    assert.equal(sent?.name, 'report.bin');
    writeFileSync(file('report.bin'), 'something else by now');
    assert.deepEqual(Buffer.from((await sent?.read()) ?? []), bytes, 'what was approved is what is sent');
    const [kept = ''] = readdirSync(join(place.storage, 'sent-files'));
    assert.equal(kept, sent?.id);
    assert.equal(statSync(join(place.storage, 'sent-files', kept)).mode & 0o777, 0o600);
  });

  it('sends nothing that was changed between the question and the run', async () => {
    const asked = await sendTool.facts({ path: 'report.bin' }, place.context);
    writeFileSync(file('report.bin'), 'secrets');
    const result = await sendTool.run({ path: 'report.bin' }, { ...place.context, facts: asked });
    assert.equal(result.ok, false);
    assert.match(result.error ?? '', /changed since it was decided/);
    const now = await sendTool.facts({ path: 'report.bin' }, place.context);
    const binding = (contents = {}) =>
      bindingHash({
        tool: 'send',
        args: { path: 'report.bin' },
        cwd: '/',
        envNames: [],
        scripts: contents,
        policyVersion: '1',
        sandbox: 'x',
      });
    assert.notEqual(binding(asked.contents), binding(now.contents), 'an approval binds the content');
  });

  it('follows no link out of the workspace, and says what cannot be sent', async () => {
    writeFileSync(join(place.outside, 'key'), 'secret');
    symlinkSync(join(place.outside, 'key'), file('link'));
    const link = await sendTool.facts({ path: 'link' }, place.context).catch((error: Error) => error);
    const leads = link instanceof Error ? 'refused' : link.paths[0]?.inside;
    assert.notEqual(leads, true);
    writeFileSync(file('empty'), '');
    await assert.rejects(
      sendTool.facts({ path: 'empty' }, place.context),
      /empty, so there is nothing to send/,
    );
    writeFileSync(file('huge'), Buffer.alloc(20 * 1024 * 1024 + 1));
    await assert.rejects(sendTool.facts({ path: 'huge' }, place.context), /at most 20971520 can be sent/);
  });

  it('is asked about, and refused where untrusted or exporting is denied', () => {
    const one = (more = {}) =>
      decide(policy(), request('send', more), facts({ paths: [inside('report.bin', 'read')] })).effect;
    assert.equal(one(), 'ask');
    const tight = policy({ rules: [{ effect: 'deny', tool: 'send' }] });
    assert.equal(decide(tight, request('send'), facts({ paths: [inside('a', 'read')] })).effect, 'deny');
    assert.equal(
      decide(policy({ mode: 'trusted' }), request('send', { taint: ['a page'] }), facts()).effect,
      'ask',
      'who has read something foreign asks before anything leaves',
    );
  });

  it('opens what was kept again after a restart, and nothing that was tampered with', async () => {
    const kept = await new SentFiles(place.storage, systemClock).keep('a', 'text/plain', bytes);
    const later = new SentFiles(place.storage, systemClock);
    const { id = '', sha256 = '' } = kept;
    assert.deepEqual(Buffer.from(await later.read(id, sha256)), bytes);
    writeFileSync(join(place.storage, 'sent-files', id), 'other bytes');
    await assert.rejects(later.read(id, sha256), /not there as it was approved/);
    await assert.rejects(later.read('../../etc/passwd', sha256), /not there/);
    rmSync(join(place.storage, 'sent-files', id));
    await assert.rejects(later.read(id, sha256), /not there/);
  });

  it('forgets copies that are old enough', async () => {
    const store = new SentFiles(place.storage, systemClock);
    await store.keep('a', 'text/plain', bytes);
    await store.prune(60_000);
    assert.equal(readdirSync(join(place.storage, 'sent-files')).length, 1);
    await new SentFiles(place.storage, { ...systemClock, now: () => Date.now() + 120_000 }).prune(60_000);
    assert.equal(readdirSync(join(place.storage, 'sent-files')).length, 0);
  });
});
