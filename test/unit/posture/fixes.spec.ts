import assert from 'node:assert/strict';
import { chmod, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CHANNEL_RULES } from '../../../src/channels/channel-rules';
import type { AccessMode } from '../../../src/engine/model/events';
import { evaluate } from '../../../src/engine/posture/evaluate';
import { FAMILIES } from '../../../src/engine/posture/facts';
import { PersonSettings } from '../../helpers/person-settings';
import { TestSession } from '../../helpers/session';
import { FIXTURES } from './fixtures';

/** A person's settings, or modes of Telegram, under which a rule finds something, and where its fix works. */
interface Case {
  readonly rule: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly group?: AccessMode;
  /** Before: the profile is `development` and open access was acknowledged. */
  readonly openGroup?: true;
  /** Set after the group was opened. */
  readonly afterwards?: Readonly<Record<string, unknown>>;
  /** The profile refuses what was there, until it is `development` again. */
  readonly forbids?: true;
  readonly loose?: true;
  readonly channel?: 'telegram' | 'email' | 'slack';
}

const CASES: readonly Case[] = [
  { rule: 'INI-1', openGroup: true },
  {
    rule: 'CTX-1',
    settings: { 'access.rules': { telegram: { contexts: { group: { deniedToolGroups: ['shell'] } } } } },
  },
  { rule: 'CTX-2', settings: { 'access.rules': { slack: { contexts: { dm: { mentionRequired: true } } } } } },
  { rule: 'ENV-PROD.open', openGroup: true, afterwards: { profile: 'production' }, forbids: true },
  { rule: 'TG-2' },
  { rule: 'SL-2', channel: 'slack', settings: { 'channels.slack.allowedTeams': ['T012AB', 'E012AB'] } },
  { rule: 'EM-3', channel: 'email', settings: { 'channels.email.subjectFilter': '' } },
  { rule: 'INI-3a', settings: { 'protectedPaths.exceptions': ['~/.netrc', '~/.ssh/config'] } },
  { rule: 'INI-3b', settings: { budgets: { costPerTask: null, tokensPerTask: 5000 } } },
  { rule: 'INI-3c', settings: { limits: { repeatCalls: 900, iterationsPerTask: 10 } } },
  { rule: 'INI-4', settings: { 'capabilities.shell': 'allow' } },
  { rule: 'POL-1', settings: { trustedPatterns: ['npx jest *', 'sudo *'] } },
  { rule: 'POL-2', settings: { mode: 'trusted' } },
  { rule: 'ENV-PROD.mode', settings: { profile: 'production', mode: 'trusted' } },
  { rule: 'ENV-PROD.guardrails', settings: { profile: 'shared', budgets: { costPerTask: null } } },
  {
    rule: 'ENV-PROD.files',
    settings: { profile: 'production', allowedPaths: [{ path: '/srv', access: 'read' }] },
  },
  { rule: 'BOX-3', settings: { 'environment.allow': ['LANG', 'NODE_OPTIONS'] } },
  { rule: 'SET-1', settings: { 'pairing.codeSeconds': 3600 } },
  { rule: 'HOST-1', loose: true },
];

/** Whether a sandbox isolates here decides what comes of these fixes, so that they are tried as pure rules. */
const NEED_A_SANDBOX = new Set(['BOX-1', 'ENV-SHARED.sandbox']);

async function house({ settings = {}, openGroup, afterwards = {}, loose, channel = 'telegram' }: Case) {
  const person = new PersonSettings(settings);
  const tested = await TestSession.start({ person });
  const { engine, session } = tested;
  await session.channels.enable(channel);
  if (openGroup) {
    await engine.posture.acknowledge('open-access', 'telegram', 'For a test.');
    await engine.users.setMode('telegram', 'group', 'open');
  }
  for (const [key, value] of Object.entries(afterwards)) person.set(key, value);
  const storage = join(tested.folder, 'storage');
  await mkdir(storage, { recursive: true });
  await chmod(storage, loose ? 0o755 : 0o700);
  await session.policy.settled();
  await engine.posture.refresh();
  const found = (rule: string) => engine.posture.report().findings.filter((finding) => finding.rule === rule);
  return { tested, person, storage, engine, session, found };
}

describe('a fix', () => {
  for (const one of CASES) {
    it(`[${one.rule.split('.')[0]}] of ${one.rule} makes the finding go, and undone brings back what was there`, async () => {
      const { tested, person, storage, engine, session, found } = await house(one);
      try {
        const [finding] = found(one.rule);
        assert.ok(
          finding,
          `${one.rule} finds nothing: ${JSON.stringify(engine.posture.report().findings.map(({ id }) => id))}`,
        );
        const before = {
          settings: person.all(),
          modes: (['dm', 'group'] as const).map((context) => engine.users.mode('telegram', context)),
          mode: (await stat(storage)).mode,
        };
        const preview = await engine.posture.preview(finding.id);
        assert.ok(preview && preview.before !== preview.after, JSON.stringify(preview));
        const done = await engine.posture.fix(finding.id);
        assert.deepEqual(
          found(one.rule).filter(({ id }) => id === finding.id),
          [],
        );
        if (one.forbids) {
          await assert.rejects(engine.posture.undo(done.id), /could not be put back/);
          person.set('profile', 'development');
          await session.policy.settled();
        }
        await engine.posture.undo(done.id);
        if (one.forbids) {
          person.set('profile', 'production');
          await engine.posture.refresh();
        }
        assert.deepEqual(
          found(one.rule).map(({ id }) => id),
          [finding.id].concat(
            found(one.rule)
              .slice(1)
              .map(({ id }) => id),
          ),
        );
        assert.deepEqual(
          {
            settings: person.all(),
            modes: (['dm', 'group'] as const).map((context) => engine.users.mode('telegram', context)),
            mode: (await stat(storage)).mode,
          },
          before,
        );
        assert.deepEqual(engine.posture.report().fixes, []);
        const { records } = await engine.audit.query({ types: ['posture.fixed', 'posture.fix.undone'] });
        assert.deepEqual(
          records.map(({ type }) => type),
          ['posture.fix.undone', 'posture.fixed'],
        );
      } finally {
        await tested.remove();
      }
    });
  }

  it('is tried for every rule that has one of its own', () => {
    const rulesOf = (channel: string) => CHANNEL_RULES[channel] ?? [];
    const own = new Set<string>();
    for (const family of FAMILIES) {
      for (const { facts } of FIXTURES.filter((fixture) => fixture.family === family)) {
        for (const { rule, fix } of evaluate(family, facts as never, rulesOf))
          if (fix !== undefined && fix.kind !== 'command') own.add(rule);
      }
    }
    const tried = new Set([...CASES.map(({ rule }) => rule), ...NEED_A_SANDBOX]);
    assert.deepEqual(
      [...own].filter((rule) => !tried.has(rule)),
      [],
    );
  });

  it('is not undone over a later change of the person', async () => {
    const { tested, person, engine, found } = await house({ rule: 'POL-2', settings: { mode: 'trusted' } });
    try {
      const done = await engine.posture.fix(found('POL-2')[0]?.id ?? '');
      person.set('mode', 'plan');
      await assert.rejects(engine.posture.undo(done.id), /was changed since/);
      assert.equal(person.all().mode, 'plan');
    } finally {
      await tested.remove();
    }
  });

  it('that could not be made leaves nothing behind to undo', async () => {
    const { tested, person, engine, found } = await house({ rule: 'POL-2', settings: { mode: 'trusted' } });
    try {
      person.editor.settings.set = async () => Promise.reject(new Error('the settings file is read-only'));
      await assert.rejects(
        engine.posture.fix(found('POL-2')[0]?.id ?? ''),
        /could not be changed.*read-only/,
      );
      assert.deepEqual([engine.posture.report().fixes, found('POL-2').length], [[], 1]);
    } finally {
      await tested.remove();
    }
  });
});
