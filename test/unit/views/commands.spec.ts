import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import type { EngineApi } from '../../../src/engine/api';
import { COMMAND_IDS } from '../../../src/views/command-ids';
import type { EngineState } from '../../../src/views/ports';
import { type Call, channel, editor, engineWith, HIDDEN, openViews } from './command-house';
import { task, user } from './views';

const STATES: readonly (readonly [EngineState['kind'] | 'paused' | 'ready with nothing in it'])[] = [
  ['no-folder'],
  ['restricted'],
  ['starting'],
  ['held'],
  ['failed'],
  ['paused'],
  ['ready'],
  ['ready with nothing in it'],
];

describe('the commands', () => {
  for (const [name] of STATES) {
    for (const answers of ['leave', 'first'] as const) {
      it(`all end well when the engine is ${name} and the person answers: ${answers}`, async () => {
        const calls: Call[] = [];
        const there = ['paused', 'ready', 'ready with nothing in it'].includes(name);
        const phase = name === 'paused' ? 'paused' : 'ready';
        const engine = there
          ? engineWith(name.includes('nothing') ? 'empty' : 'full', phase, calls)
          : undefined;
        const kind = there ? 'ready' : (name as EngineState['kind']);
        const { run, errors, views } = openViews({ kind, detail: `The engine is ${name}.` }, engine, calls);
        editor.answers = answers;
        for (const id of COMMAND_IDS) await run(id);
        assert.deepEqual(errors, []);
        assert.deepEqual(
          editor.shown.filter((message) => message.kind === 'error'),
          [],
        );
        views.dispose();
      });
    }
  }

  it('[FAQ-2] show no known secret in the error that they end with', async () => {
    const engine = engineWith('full', 'ready', []);
    const failing = {
      ...engine,
      pause: () => Promise.reject(new Error(`https://host/bot${HIDDEN}/x failed`)),
    };
    const { run } = openViews({ kind: 'ready', detail: '' }, failing as EngineApi, []);
    await run('cowork.pause');
    assert.deepEqual(editor.shown.at(-1), { kind: 'error', text: 'https://host/bot‹secret›/x failed' });
  });

  it('say why when there is no engine', async () => {
    const { run } = openViews({ kind: 'restricted', detail: 'The folder is not trusted.' }, undefined, []);
    await run('cowork.pairing.generate');
    assert.deepEqual(editor.shown, [{ kind: 'information', text: 'The folder is not trusted.' }]);
  });

  it('change nothing when the person leaves the question', async () => {
    const calls: Call[] = [];
    const { run } = openViews({ kind: 'ready', detail: '' }, engineWith('full', 'ready', calls), calls);
    editor.answers = 'leave';
    for (const id of COMMAND_IDS) if (id !== 'cowork.pause' && id !== 'cowork.engine.retry') await run(id);
    // Opening settings for review is the review; looking for updates and looking again change nothing.
    const readOnly = new Set([
      'query',
      'verify',
      'openLocalChat',
      'checkReach',
      'checkForUpdates',
      'lookAgain',
      'test',
    ]);
    const reviews = ['acknowledge defaults', 'complete permissions'];
    assert.deepEqual(
      calls.filter(([name, what]) => !readOnly.has(name) && !reviews.includes(`${name} ${String(what)}`)),
      [],
    );
  });

  it('copy the webhook address, and check whether it leads here', async () => {
    const { run } = openViews({ kind: 'ready', detail: '' }, engineWith('full', 'ready', []), []);
    await run('cowork.webhook.copyAddress', 'telegram');
    assert.deepEqual(editor.clipboard, ['https://own.example/secret-path']);
    await run('cowork.webhook.checkReach', 'telegram');
    assert.ok(editor.shown.some(({ text }) => text.includes('own.example leads here')));
  });

  it('[INC-3] reset security: all stops, everyone is out, codes are dead, and the rest is offered', async () => {
    const calls: Call[] = [];
    const { run } = openViews({ kind: 'ready', detail: '' }, engineWith('full', 'ready', calls), calls);
    editor.answers = 'leave';
    await run('cowork.security.reset');
    assert.deepEqual(
      calls.filter(([name]) => name !== 'query'),
      [],
      'nothing before it is confirmed',
    );
    editor.answers = 'first';
    await run('cowork.security.reset');
    const names = calls.map(([name]) => name);
    assert.equal(names.indexOf('pause'), 0, `all work stops first: ${names}`);
    for (const act of ['revoke', 'cancelCode']) assert.ok(names.includes(act), `${act} in ${names}`);
    assert.ok(
      editor.executed.some(([id]) => id === 'cowork.audit.open'),
      'the audit is the first thing offered',
    );
  });

  it('[INC-4] write a report without secrets and folders, and send nothing', async () => {
    const { run } = openViews({ kind: 'ready', detail: '' }, engineWith('full', 'ready', []), []);
    editor.answers = 'first';
    editor.documents.length = 0;
    await run('cowork.security.report');
    const [text = ''] = editor.documents;
    assert.match(text, /security@cowork\.dev/);
    assert.ok(!text.includes(homedir()), 'no folder of the person');
    assert.ok(editor.shown.some((message) => /nothing was sent/.test(message.text)));
    assert.ok(editor.shown.some((message) => /do not disclose it publicly/.test(message.text)));
  });

  it('[INC-1] revoke everyone who was selected, once it is confirmed', async () => {
    const calls: Call[] = [];
    const { run } = openViews({ kind: 'ready', detail: '' }, engineWith('full', 'ready', calls), calls);
    const nodes = ['telegram:7:84', 'telegram:7:85'].map((key) => ({ kind: 'user', user: user({ key }) }));
    editor.answers = 'leave';
    await run('cowork.users.revoke', nodes[0], nodes);
    assert.equal(calls.length, 0);
    editor.answers = 'first';
    await run('cowork.users.revoke', nodes[0], nodes);
    assert.deepEqual(calls[0]?.slice(0, 2), ['revoke', ['telegram:7:84', 'telegram:7:85']]);
  });

  it('[INC-2] cancel the task of the row at once, and ask before processes are killed', async () => {
    const calls: Call[] = [];
    const { run } = openViews({ kind: 'ready', detail: '' }, engineWith('full', 'ready', calls), calls);
    editor.answers = 'leave';
    await run('cowork.tasks.cancel', { kind: 'task', task: task() });
    await run('cowork.tasks.forceStop', { kind: 'task', task: task() });
    assert.deepEqual(
      calls.map(([name]) => name),
      ['cancelTask'],
    );
  });

  it('simulate the rule that a code lens hands over, without asking for one', async () => {
    const calls: Call[] = [];
    const { run } = openViews({ kind: 'ready', detail: '' }, engineWith('full', 'ready', calls), calls);
    editor.answers = 'leave';
    await run('cowork.policy.simulate', '{"effect":"ask","command":"git push *"}');
    assert.deepEqual(calls[0]?.slice(0, 2), ['simulate', '{"effect":"ask","command":"git push *"}']);
  });

  it('pause everything with one command and no question', async () => {
    const calls: Call[] = [];
    const { run } = openViews({ kind: 'ready', detail: '' }, engineWith('full', 'ready', calls), calls);
    editor.answers = 'leave';
    await run('cowork.pause');
    assert.equal(calls[0]?.[0], 'pause');
  });

  it('take only keys from what another extension hands over', async () => {
    const calls: Call[] = [];
    const { run, errors } = openViews(
      { kind: 'ready', detail: '' },
      engineWith('full', 'ready', calls),
      calls,
    );
    editor.answers = 'leave';
    const strange = [
      null,
      7,
      'x',
      {},
      { kind: 'user' },
      { kind: 'user', user: { key: 'nobody' } },
      { kind: 'task', task: null },
    ];
    for (const argument of strange) {
      for (const id of COMMAND_IDS) if (id !== 'cowork.pause') await run(id, argument, [argument]);
    }
    assert.deepEqual(errors, []);
  });

  it('[MT-2] rotate the credential that was named or picked, the oldest first', async () => {
    for (const argument of [undefined, 'telegram/botToken', 'telegram', { channel: channel({}) }]) {
      const calls: Call[] = [];
      const { run } = openViews({ kind: 'ready', detail: '' }, engineWith('full', 'ready', calls), calls);
      editor.answers = 'leave';
      await run('cowork.credentials.rotate', argument);
      assert.equal(calls.length, 0);
      editor.answers = 'first';
      await run('cowork.credentials.rotate', argument);
      assert.deepEqual(calls[0]?.slice(0, 3), ['rotateSecret', 'telegram', 'botToken']);
      assert.match(editor.shown.at(-1)?.text ?? '', /knows the new one as bot/);
    }
    const { run } = openViews({ kind: 'ready', detail: '' }, engineWith('full', 'ready', []), []);
    await run('cowork.credentials.rotate', 'nothing/here');
    assert.match(editor.shown.at(-1)?.text ?? '', /No credential is stored/);
  });

  it('let only approvers and owners approve from a chat, and their own requests only when that is confirmed', async () => {
    const calls: Call[] = [];
    const { run } = openViews({ kind: 'ready', detail: '' }, engineWith('full', 'ready', calls), calls);
    const row = { kind: 'user', user: user() };
    editor.answers = 'first';
    await run('cowork.users.allowRemoteApproval', row);
    assert.deepEqual(calls, []);
    assert.match(editor.shown.at(-1)?.text ?? '', /Only an owner or approver/);
    const approver = user({ role: 'approver' });
    const engine = { ...engineWith('full', 'ready', calls) };
    const again = openViews(
      { kind: 'ready', detail: '' },
      { ...engine, users: { ...engine.users, list: () => [approver] } },
      calls,
    );
    await again.run('cowork.users.allowRemoteApproval', { kind: 'user', user: approver });
    assert.deepEqual(calls, [['setRemoteApproval', approver.key, true, false]]);
    assert.equal(editor.shown.at(-1)?.kind, 'warning');
  });

  it('keep nothing of an authenticator before its code was right, and say its key nowhere', async () => {
    const calls: Call[] = [];
    const { run, errors } = openViews(
      { kind: 'ready', detail: '' },
      engineWith('full', 'ready', calls),
      calls,
    );
    editor.answers = 'first';
    await run('cowork.resume.protect');
    assert.deepEqual(editor.panels, ['cowork.authenticator']);
    assert.deepEqual(calls, []);
    assert.ok(
      !JSON.stringify([editor.shown, editor.clipboard, editor.executed, errors]).includes('SECRETKEY'),
    );
  });

  it('ask for the code of the desk before work goes on, when it has an authenticator', async () => {
    const calls: Call[] = [];
    const engine = engineWith('full', 'paused', calls, new Set(['desk']));
    const { run } = openViews({ kind: 'ready', detail: '' }, engine, calls);
    editor.answers = 'first';
    await run('cowork.resume');
    assert.deepEqual(calls, [['resume', 'Resumed by the owner in the editor', '12345']]);
    calls.length = 0;
    await run('cowork.resume.protect');
    assert.deepEqual(calls, [['verify', 'desk', '12345']], 'changed without a code while all is stopped');
  });

  it('[ACC-1] bind a code to the person whose id was entered', async () => {
    const calls: Call[] = [];
    const { run } = openViews({ kind: 'ready', detail: '' }, engineWith('full', 'ready', calls), calls);
    editor.answers = 'first';
    await run('cowork.pairing.generate', { kind: 'channel', channel: { id: 'telegram' } });
    assert.deepEqual(calls[0], [
      'issue',
      { channel: 'telegram', context: 'dm', role: 'member', expectedSender: '12345' },
    ]);
  });

  it('[OPS-3a] [OPS-3c] show a code in a panel of the editor and copy nothing by themselves', async () => {
    const calls: Call[] = [];
    const { run } = openViews({ kind: 'ready', detail: '' }, engineWith('full', 'ready', calls), calls);
    editor.answers = 'first';
    await run('cowork.pairing.generate');
    assert.deepEqual(calls[0], ['issue', { channel: 'local', context: 'dm', role: 'member' }]);
    assert.deepEqual(editor.panels, ['cowork.pairing']);
    assert.deepEqual(editor.clipboard, []);
    assert.ok(editor.shown.every((message) => !message.text.includes('ABCDEF')));
    await run('cowork.pairing.rotate');
    assert.equal(calls[1]?.[0], 'rotate');
  });

  it('open the report of the simulator and an explanation as documents, with text from outside kept as text', async () => {
    const calls: Call[] = [];
    const { run } = openViews({ kind: 'ready', detail: '' }, engineWith('full', 'ready', calls), calls);
    editor.answers = 'first';
    editor.documents.length = 0;
    await run('cowork.policy.simulate');
    assert.equal(calls[0]?.[1], 'allow run "npm test *"');
    const [report] = editor.documents;
    assert.match(report ?? '', /would have run without asking \| 1 \|/);
    assert.ok(report?.includes('`` npm `test` ``'));
    await run('cowork.policy.explain', 'a1');
    assert.equal(calls.at(-1)?.[1], 'a1');
    assert.match(editor.documents[1] ?? '', /mode: ask/);
    assert.match(editor.documents[1] ?? '', /Approve it/);
  });

  it('[FAQ-8] pre-approve only what was confirmed, for that person, until a time', async () => {
    const calls: Call[] = [];
    const { run } = openViews({ kind: 'ready', detail: '' }, engineWith('full', 'ready', calls), calls);
    editor.answers = 'first';
    await run('cowork.policy.preApprove');
    const [name, request] = calls[0] ?? [];
    assert.equal(name, 'preApprove');
    const { user: key, patterns, until } = request as { user: string; patterns: string[]; until: number };
    assert.deepEqual([key, patterns], ['telegram:7:84', ['ls *']]);
    assert.ok(until > Date.now() && until <= Date.now() + 3_600_000);
    assert.ok(editor.shown.some(({ kind }) => kind === 'warning'));
  });

  it('[INI-1] warn before a channel is connected while the checklist is open, and put going on all the same on the record', async () => {
    const calls: Call[] = [];
    const { run } = openViews({ kind: 'ready', detail: '' }, engineWith('full', 'ready', calls), calls);
    editor.answers = 'leave';
    await run('cowork.channels.connect', 'slack');
    assert.match(editor.shown.at(-1)?.text ?? '', /Connect Slack before the checklist is complete/);
    assert.equal(calls.length, 0);
    editor.answers = 'first';
    await run('cowork.channels.connect', 'slack');
    assert.deepEqual(
      calls.map(([name]) => name),
      ['acknowledge', 'connect'],
    );
    assert.match(String(calls[0]?.[3]), /Tested the pairing flow/);
    calls.length = 0;
    editor.shown.length = 0;
    await run('cowork.channels.connect', 'telegram');
    assert.deepEqual(calls, [['connect', 'telegram']]);
    assert.equal(editor.shown.length, 0);
  });

  it('show a change before it is made, and make none without a yes', async () => {
    const calls: Call[] = [];
    const { run } = openViews({ kind: 'ready', detail: '' }, engineWith('full', 'ready', calls), calls);
    editor.answers = 'leave';
    await run('cowork.checklist.fix', 'POL-2');
    assert.match(editor.shown.at(-1)?.text ?? '', /Make this change/);
    assert.deepEqual(calls, []);
    editor.answers = 'first';
    await run('cowork.checklist.fix', 'POL-2');
    assert.deepEqual(calls[0], ['fix', 'POL-2']);
  });

  it('show what a profile changes before they switch to it', async () => {
    const calls: Call[] = [];
    const { run } = openViews({ kind: 'ready', detail: '' }, engineWith('full', 'ready', calls), calls);
    editor.answers = 'first';
    // The first choice is the profile in force.
    await run('cowork.profile.choose');
    assert.deepEqual(calls, []);
    editor.chosen = 1;
    await run('cowork.profile.choose');
    editor.chosen = 0;
    assert.ok(editor.executed.some(([command]) => command === 'vscode.diff'));
    assert.deepEqual(calls, [['setProfile', 'production']]);
  });
});
