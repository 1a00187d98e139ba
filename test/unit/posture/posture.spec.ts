import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ManualClock } from '../../helpers/manual-clock';
import { PersonSettings } from '../../helpers/person-settings';
import { TestSession } from '../../helpers/session';

const DAY_MS = 86_400_000;

/** A session in a manual clock, with settings under which two rules find something. */
async function start(
  settings: Readonly<Record<string, unknown>> = { mode: 'trusted', 'capabilities.shell': 'allow' },
) {
  const clock = new ManualClock();
  const person = new PersonSettings(settings);
  const tested = await TestSession.start({ person, clock });
  const { posture } = tested.engine;
  await posture.refresh();
  const ids = () => posture.report().findings.map(({ id }) => id);
  const types = async (...wanted: Parameters<typeof tested.engine.audit.query>[0]['types'] & {}) =>
    (await tested.engine.audit.query({ types: wanted })).records.map(({ type }) => type).reverse();
  return { tested, person, clock, posture, ids, types };
}

describe('the Checklist of a running engine', () => {
  it('puts what comes and goes on the record once, and says what it knows nothing of', async () => {
    const { tested, person, posture, ids, types } = await start();
    try {
      assert.ok(ids().includes('POL-2') && ids().includes('INI-4:shell'), ids().join());
      await posture.refresh();
      await posture.refresh();
      const found = await tested.engine.audit.query({ types: ['posture.found'] });
      const once = found.records.map(({ subject }) => subject);
      assert.equal(new Set(once).size, once.length);
      person.set('mode', 'ask');
      await posture.refresh();
      assert.ok(!ids().includes('POL-2'));
      assert.deepEqual(await types('posture.cleared'), ['posture.cleared']);
      assert.deepEqual(posture.report().unknown, []);
    } finally {
      await tested.remove();
    }
  });

  it('looks again by itself when a setting changes, and tells the views', async () => {
    const { tested, person, clock, posture, ids } = await start({});
    try {
      const told: string[] = [];
      tested.engine.onChange((kinds) => told.push(...kinds));
      person.set('mode', 'trusted');
      await tested.session.policy.settled();
      await clock.advanceAsync(1000);
      await tested.until(() => ids().includes('POL-2'));
      assert.ok(told.includes('posture'));
      assert.equal(posture.report().profile, 'development');
    } finally {
      await tested.remove();
    }
  });

  it('accepts a risk for a time only, with a reason, and the score does not rise by it', async () => {
    const { tested, clock, posture, types } = await start();
    try {
      const { score } = posture.report();
      assert.ok(score < 100);
      const until = clock.now() + 7 * DAY_MS;
      await assert.rejects(posture.accept('POL-2', { reason: ' ', until }), /Say why/);
      await assert.rejects(
        posture.accept('POL-2', { reason: 'x', until: clock.now() }),
        /within the next year/,
      );
      await assert.rejects(
        posture.accept('POL-2', { reason: 'x', until: clock.now() + 400 * DAY_MS }),
        /year/,
      );
      await assert.rejects(posture.accept('NO-1', { reason: 'x', until }), /no longer found/);
      await posture.accept('POL-2', { reason: 'A throw-away folder.', until });
      const accepted = () => posture.report().findings.find(({ id }) => id === 'POL-2')?.accepted;
      assert.equal(accepted()?.reason, 'A throw-away folder.');
      assert.equal(posture.report().score, score);
      assert.deepEqual([posture.history().at(-1)?.score, posture.history().at(-1)?.accepted], [score, 1]);
      clock.advance(7 * DAY_MS);
      await posture.refresh();
      assert.equal(accepted(), undefined);
      assert.deepEqual(await types('posture.accepted', 'posture.reopened'), [
        'posture.accepted',
        'posture.reopened',
      ]);
    } finally {
      await tested.remove();
    }
  });

  it('asks again about a risk that was accepted and came back, and about one that got worse', async () => {
    const { tested, person, clock, posture } = await start({
      mode: 'trusted',
      'capabilities.delete': 'allow',
    });
    try {
      const until = clock.now() + 30 * DAY_MS;
      await posture.accept('POL-2', { reason: 'For now.', until });
      person.set('mode', 'ask');
      await posture.refresh();
      person.set('mode', 'trusted');
      await posture.refresh();
      const accepted = (wanted: string) =>
        posture.report().findings.find(({ id }) => id === wanted)?.accepted;
      assert.equal(accepted('POL-2'), undefined);
      await tested.session.channels.enable('telegram');
      await posture.refresh();
      await posture.accept('CTX-2:telegram.group', { reason: 'Three of us.', until });
      assert.ok(accepted('CTX-2:telegram.group'));
      await posture.acknowledge('open-access', 'telegram', 'For a test.');
      await tested.engine.users.setMode('telegram', 'group', 'open');
      await posture.refresh();
      assert.equal(accepted('CTX-2:telegram.group'), undefined);
    } finally {
      await tested.remove();
    }
  });

  it('keeps what was accepted, changed and acknowledged over a restart', async () => {
    const { tested, person, clock, posture } = await start();
    const options = { folder: tested.folder, secrets: tested.secrets, heads: tested.heads, person, clock };
    await posture.accept('INI-4:shell', { reason: 'Only me.', until: clock.now() + DAY_MS });
    await posture.fix('POL-2');
    await posture.acknowledge('contexts', 'telegram', 'They are right.');
    await tested.close();
    const again = await TestSession.start(options);
    try {
      await again.engine.posture.refresh();
      const report = again.engine.posture.report();
      assert.equal(report.findings.find(({ id }) => id === 'INI-4:shell')?.accepted?.reason, 'Only me.');
      assert.deepEqual(
        report.fixes.map(({ place }) => place),
        ['cowork.mode'],
      );
      assert.ok(again.engine.posture.isAcknowledged('contexts', 'telegram'));
      await again.engine.posture.undo(report.fixes[0]?.id ?? '');
      assert.equal(person.all().mode, 'trusted');
    } finally {
      await again.remove();
    }
  });

  it('[SEC-1] [POL-4] finds a credential and loosening settings in the folder, and says neither value', async () => {
    const { tested, posture } = await start({});
    try {
      const secret = `ghp_${'aB3dE5fG7h'.repeat(4)}`;
      await mkdir(join(tested.workspace, '.vscode'), { recursive: true });
      await writeFile(join(tested.workspace, 'notes.md'), `first\ntoken ${secret}\n`);
      await writeFile(join(tested.workspace, '.vscode/settings.json'), '{ "cowork.mode": "trusted" }');
      await mkdir(join(tested.workspace, '.cowork'), { recursive: true });
      await writeFile(join(tested.workspace, '.cowork/policy.jsonc'), '{\n  "profile": "development"\n}');
      await posture.refresh();
      const found = posture.report().findings.filter(({ family }) => family === 'repository');
      assert.deepEqual(
        found.map(({ rule, place }) => [rule, place?.file, place?.line]),
        [
          ['SEC-1', 'notes.md', 2],
          ['POL-4', '.cowork/policy.jsonc', 2],
          ['POL-4', '.vscode/settings.json', 1],
        ],
      );
      const { records } = await tested.engine.audit.query({});
      assert.ok(!JSON.stringify([found, records]).includes(secret));
    } finally {
      await tested.remove();
    }
  });

  it('[OPS-3b] [OPS-3c] [IDN-1] [INI-4] looks at people, codes and grants as the record has them', async () => {
    // What is recorded now was forty days ago for the engine, whose clock decides how long ago something is.
    const clock = new ManualClock(Date.now() + 40.5 * DAY_MS);
    const tested = await TestSession.start({ person: new PersonSettings(), clock });
    try {
      const { engine } = tested;
      const { posture, pairing } = engine;
      const { code } = await pairing.issue({ channel: 'local', context: 'dm' });
      await engine.receive({
        ...message('AAAAAA', 9),
        sender: { ...message('').sender, displayName: 'Ben' },
      });
      await engine.receive(message(code, 1));
      const [ann] = engine.users.list();
      assert.ok(ann);
      await engine.policy.preApprove({
        user: ann.key,
        patterns: ['npm test *'],
        until: clock.now() + DAY_MS,
      });
      const { view } = await pairing.issue({ channel: 'local', context: 'dm', ttlMs: 3_600_000 });
      for (const [at, id] of ['eve', 'mal', 'oz'].entries())
        await engine.receive({
          ...message('AAAAAA', at + 2),
          conversation: id,
          sender: { ...message('').sender, id, displayName: id },
        });
      await posture.refresh();
      const of = (rule: string) => posture.report().findings.filter((finding) => finding.rule === rule);
      assert.match(of('OPS-3b')[0]?.evidence ?? '', /Ann on local was last seen 40 days ago/);
      assert.deepEqual(
        of('OPS-3c').map(({ subject }) => subject),
        [view.codeId],
      );
      assert.match(of('OPS-3c')[0]?.evidence ?? '', /^3 different accounts/);
      assert.match(of('IDN-1')[0]?.evidence ?? '', /Ben, Ann/);
      assert.equal(of('INI-4.grants').length, 1);
      await posture.removeGrant(of('INI-4.grants')[0]?.subject ?? '');
      await pairing.rotate(view.codeId);
      await engine.users.revoke([ann.key], 'Not seen any more.');
      await posture.refresh();
      assert.deepEqual(['OPS-3b', 'OPS-3c', 'IDN-1', 'INI-4.grants'].flatMap(of), []);
      await assert.rejects(posture.removeGrant('none'), /ended already/);
    } finally {
      await tested.remove();
    }
  });

  it('[SEC-2] finds a credential that somebody has put into a setting, and does not repeat it', async () => {
    const secret = `123456789:AA${'bC4dE6fG8h'.repeat(3)}iJ0`;
    const { tested, posture } = await start({
      'channels.telegram.apiRoot': `https://api.telegram.org/bot${secret}`,
    });
    try {
      const found = posture.report().findings.filter(({ rule }) => rule === 'SEC-2');
      assert.deepEqual(
        found.map(({ id }) => id),
        ['SEC-2:channels.telegram.apiRoot'],
      );
      const { records } = await tested.engine.audit.query({});
      assert.ok(!JSON.stringify([posture.report(), records]).includes(secret));
    } finally {
      await tested.remove();
    }
  });

  it('[ENV-DEV] lets a channel be open in development only once the owner has acknowledged it, and not in production', async () => {
    const { tested, person, posture } = await start({});
    try {
      const { users } = tested.engine;
      const open = () => users.setMode('telegram', 'dm', 'open');
      await assert.rejects(open());
      assert.ok(!tested.session.allowedModes('telegram').includes('open'));
      assert.ok(tested.session.allowedModes('local').includes('open'));
      await posture.acknowledge('open-access', 'telegram', 'Telegram may be open.');
      await open();
      assert.equal(users.mode('telegram', 'dm'), 'open');
      person.set('profile', 'production');
      await tested.session.policy.settled();
      assert.equal(users.mode('telegram', 'dm'), 'pairing');
      assert.ok(!tested.session.allowedModes('local').includes('open'));
      person.set('profile', 'development');
      await tested.session.policy.settled();
      await posture.withdraw('open-access', 'telegram');
      assert.equal(users.mode('telegram', 'dm'), 'pairing');
    } finally {
      await tested.remove();
    }
  });

  it('[ENV-PROD] writes no lines of level debug under a profile that does not permit them', async () => {
    const lines: string[] = [];
    const log = { debug: (text: string) => void lines.push(text), info() {}, warn() {}, error() {} };
    for (const profile of ['production', 'shared', 'development']) {
      const tested = await TestSession.start({
        person: new PersonSettings({ profile }),
        log,
        loadChunk: async () => ({
          createAdapter: (context) => ({
            async connect() {
              context.log.debug(`in ${profile}`);
              return { account: '7', name: 'Bot', isBot: true };
            },
            disconnect: async () => {},
            send: async () => ({ platformIds: [] }),
          }),
        }),
      });
      await tested.session.vault.set('telegram/botToken', `12345678:${'AAbbCCdd1'.repeat(4)}`);
      await tested.session.channels.enable('telegram');
      await tested.remove();
    }
    assert.deepEqual(
      lines.filter((line) => line.startsWith('in ')),
      ['in development'],
    );
  });

  it('[ENV-PROD] [ENV-SHARED] says beforehand what another profile changes, and switches on the record', async () => {
    const { tested, person, posture } = await start({
      mode: 'trusted',
      budgets: { costPerTask: null },
      allowedPaths: [{ path: '/srv', access: 'write' }],
    });
    try {
      await posture.acknowledge('open-access', 'telegram', 'For a test.');
      await tested.engine.users.setMode('telegram', 'group', 'open');
      await posture.refresh();
      const changes = (await posture.profileChanges('shared')).map(
        ({ what, before, after }) => `${what}: ${before} → ${after}`,
      );
      for (const line of [
        'Mode in force: trusted → accept-edits',
        '/srv: write allowed → denied',
        'Budget costPerTask: off → on',
        'Commands: in the best sandbox there is → refused: no sandbox isolates them here',
        'Debug logging: possible → off',
        'Telegram, group: open → pairing',
      ])
        assert.ok(changes.includes(line), `${line} among\n${changes.join('\n')}`);
      assert.deepEqual(await posture.profileChanges('development'), []);
      await posture.setProfile('shared');
      assert.equal(person.all().profile, 'shared');
      assert.equal(posture.report().profile, 'shared');
      const rules = new Set(posture.report().findings.map(({ rule }) => rule));
      for (const rule of [
        'ENV-PROD.mode',
        'ENV-PROD.guardrails',
        'ENV-PROD.files',
        'ENV-PROD.open',
        'ENV-SHARED.sandbox',
      ])
        assert.ok(rules.has(rule), rule);
    } finally {
      await tested.remove();
    }
  });

  it('[INI-1] opens the gate before external channels item by item, by real events', async () => {
    const tested = await TestSession.start({ person: new PersonSettings() });
    const { posture } = tested.engine;
    await posture.refresh();
    try {
      const { engine } = tested;
      const open = async () => (await posture.gate('telegram')).map(({ id }) => id);
      assert.deepEqual(await open(), [
        'external.mode',
        'external.contexts',
        'external.tested',
        'external.documented',
      ]);
      assert.deepEqual(await posture.gate('local'), []);
      await engine.users.setMode('telegram', 'group', 'disabled');
      await posture.refresh();
      assert.deepEqual(await open(), ['external.tested', 'external.documented']);
      await posture.complete('users', 'The access document was written.');
      assert.deepEqual(await open(), ['external.tested']);
      const { code } = await engine.pairing.issue({ channel: 'local', context: 'dm' });
      await engine.receive(message(code));
      await engine.receive(message('/list', 2));
      await tested.until(() => engine.tasks.list().find(({ state }) => state === 'done'));
      assert.deepEqual(await open(), []);
    } finally {
      await tested.remove();
    }
  });
});

function message(text: string, number = 1) {
  return {
    channel: 'local',
    account: 'this-machine',
    conversation: 'ann',
    context: 'dm' as const,
    sender: { id: 'ann', displayName: 'Ann', isBot: false, isSelf: false },
    text,
    attachments: [],
    platformId: `p${number}`,
    receivedAt: Date.now(),
    addressed: true,
  };
}
