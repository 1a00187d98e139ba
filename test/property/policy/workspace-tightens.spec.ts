import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Effect } from '../../../src/engine/model/effect';
import { parseUserPolicy, parseWorkspacePolicy } from '../../../src/engine/policy/parse';
import { type UserPolicy, userPolicyJsonSchema, userPolicySchema } from '../../../src/engine/policy/schema';
import { buildSnapshot, type PolicySnapshot } from '../../../src/engine/policy/snapshot';
import { CAPABILITIES } from '../../../src/engine/policy/tool-groups';
import { HOME, ROOT } from '../../unit/policy/support';
import { FakeEditor, withEditor } from '../../unit/views/editor';
import { root } from '../../unit/views/sources';
import { type Case, effectsOf, requestGrid, weaker } from './grid';

const place = { workspaceRoot: ROOT, home: HOME };

/** What people may have set for themselves, from careful to careless. */
const OWN: Readonly<Record<string, UserPolicy>> = {
  nothing: {},
  careful: {
    mode: 'plan',
    capabilities: { shell: 'deny', network: 'deny' },
    rules: [{ effect: 'deny', path: 'infra/**' }],
    contexts: { group: { deniedToolGroups: ['shell', 'memory'], requiredRole: 'approver' } },
  },
  careless: {
    mode: 'trusted',
    capabilities: { write: 'allow', delete: 'allow', shell: 'allow', network: 'allow', system: 'allow' },
    trusted: ['git push *'],
    defaultTrusted: true,
    rules: [{ effect: 'ask', domain: 'pastebin.example' }],
  },
  production: { profile: 'production', mode: 'accept-edits', capabilities: { shell: 'allow' } },
  shared: { profile: 'shared', capabilities: { delete: 'allow', shell: 'allow' } },
};

const LARGE = 1_000_000;

/** The most permissive value of every key that any policy has, by its path. */
const PERMISSIVE: Readonly<Record<string, unknown>> = {
  $schema: 'https://evil.example/schema.json',
  profile: 'development',
  mode: 'trusted',
  ...Object.fromEntries(CAPABILITIES.map((name) => [`capabilities.${name}`, 'allow'])),
  rules: [
    { effect: 'allow', path: '/**' },
    { effect: 'allow', domain: '*' },
    { effect: 'allow', command: '*' },
    { effect: 'allow', tool: 'run', command: 'rm *' },
    { effect: 'allow', finding: '*', command: '*' },
    { effect: 'allow' },
  ],
  trusted: ['*', 'rm *', 'git *', { pattern: 'npm *' }],
  defaultTrusted: true,
  'budgets.tokensPerTask': null,
  'budgets.costPerTask': null,
  'budgets.tokensPerUserDay': null,
  'budgets.costPerUserDay': null,
  'limits.iterationsPerTask': LARGE,
  'limits.toolCallsPerStep': LARGE,
  'limits.repeatCalls': 1000,
  'limits.taskTimeoutMs': 7 * 86_400_000,
  'protectedPaths.add': [],
  'protectedPaths.exceptions': ['/', '~', '~/.ssh', ROOT, `${ROOT}/.env`, `${ROOT}/.git`],
  allowedPaths: [
    { path: '/', access: 'write' },
    { path: '/**', access: 'write' },
  ],
  ...Object.fromEntries(
    ['dm', 'group', 'public'].flatMap((context) => [
      [`contexts.${context}.deniedToolGroups`, []],
      [`contexts.${context}.requiredRole`, 'observer'],
    ]),
  ),
  channels: { telegram: { mode: 'trusted', deniedToolGroups: [], requiredRole: 'observer' } },
};

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** Every key of a policy, to the last object that has fields of its own. */
function keysOf(schema: Schema, prefix = ''): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    child.properties === undefined ? [`${prefix}${name}`] : keysOf(child, `${prefix}${name}.`),
  );
}

/** A file that says just this. */
function fileWith(...keys: readonly string[]): string {
  const content: Record<string, unknown> = {};
  for (const key of keys) {
    const parts = key.split('.');
    let at = content;
    for (const part of parts.slice(0, -1)) {
      const next = (at[part] ?? {}) as Record<string, unknown>;
      at[part] = next;
      at = next;
    }
    at[parts.at(-1) ?? ''] = PERMISSIVE[key];
  }
  return JSON.stringify(content);
}

const under = (user: UserPolicy, file?: string): PolicySnapshot =>
  buildSnapshot({
    user,
    ...(file === undefined ? {} : { workspace: parseWorkspacePolicy(file).policy }),
    ...place,
  });

describe('policy: what a workspace writes to loosen', function () {
  this.timeout(120_000);
  let grid: readonly Case[] = [];
  /** What is decided without any file, for each person. */
  const alone = new Map<string, readonly Effect[]>();
  before(async () => {
    grid = await requestGrid(5000);
    for (const [name, user] of Object.entries(OWN)) alone.set(name, effectsOf(under(user), grid));
  });
  const weakerFor = (name: string, user: UserPolicy, file?: string) =>
    weaker(alone.get(name) ?? [], under(user, file), grid);

  it('is tried on a grid of 5,000 requests that are decided in every way', () => {
    assert.equal(grid.length, 5000);
    for (const effects of alone.values()) {
      assert.equal(effects.length, 5000);
      assert.deepEqual([...new Set(effects)].sort(), ['allow', 'ask', 'deny']);
    }
    // The comparison must be able to fail: what a careless person sets for themselves is weaker in many cases.
    assert.ok(weakerFor('nothing', OWN.careless ?? {}).length > 200);
  });

  it('is tried for every key that a policy has', () => {
    const keys = keysOf(userPolicyJsonSchema());
    assert.ok(keys.length > 25);
    assert.deepEqual([...keys].sort(), Object.keys(PERMISSIVE).sort());
  });

  for (const [name, user] of Object.entries(OWN)) {
    it(`makes nothing weaker all at once, for a person whose own settings are: ${name}`, () => {
      assert.ok(userPolicySchema.safeParse(user).success);
      const file = fileWith(...Object.keys(PERMISSIVE));
      assert.deepEqual(weakerFor(name, user, file), []);
    });
  }

  for (const key of Object.keys(PERMISSIVE)) {
    it(`makes nothing weaker with ${key} alone`, () => {
      for (const [name, user] of Object.entries(OWN))
        assert.deepEqual(weakerFor(name, user, fileWith(key)), []);
    });
  }
});

interface Setting {
  readonly scope?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly maximum?: number;
}

/** Values that a repository might like a setting to have. */
function wishes(setting: Setting): readonly unknown[] {
  if (setting.enum !== undefined) return setting.enum;
  switch (setting.type) {
    case 'boolean':
      return [true, false];
    case 'array':
      return [['*'], ['PATH', 'AWS_SECRET_ACCESS_KEY'], [{ pattern: '*' }]];
    case 'object':
      return [{ telegram: { contexts: { group: { requiredRole: 'observer', deniedToolGroups: [] } } } }];
    case 'integer':
    case 'number':
      return [setting.maximum ?? LARGE];
    default:
      return ['http://evil.example', '/tmp/evil'];
  }
}

describe('policy: settings that a workspace writes', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const settings: Readonly<Record<string, Setting>> = Object.assign(
    {},
    ...manifest.contributes.configuration.map((section: { properties: object }) => section.properties),
  );
  const atWorkspace = new Map<string, unknown>();
  const editor = new FakeEditor();
  Object.assign(editor.api.workspace as object, {
    onDidChangeConfiguration: () => ({ dispose: () => undefined }),
    // As the editor answers for a setting that a workspace may write; application and machine scope come on top.
    getConfiguration: (section: string) => ({
      inspect: (key: string) => {
        const name = `${section}.${key}`;
        const written = atWorkspace.get(name);
        const found = settings[name];
        const value = found?.default ?? defaultBelow(name);
        return { key: name, defaultValue: value, workspaceValue: written, workspaceFolderValue: written };
      },
      get: (key: string) => atWorkspace.get(`${section}.${key}`) ?? settings[`${section}.${key}`]?.default,
    }),
  });

  /** A section's default is the object of those below it. */
  function defaultBelow(name: string): unknown {
    const below = Object.entries(settings).filter(([key]) => key.startsWith(`${name}.`));
    return Object.fromEntries(below.map(([key, { default: value }]) => [key.slice(name.length + 1), value]));
  }

  /** All that the engine believes of the settings. */
  function believed(): string {
    const { Settings, VsCodeSessionSettings } = withEditor(editor, (require) => ({
      ...(require('../../../src/host/settings') as typeof import('../../../src/host/settings')),
      ...(require('../../../src/host/session-settings') as typeof import('../../../src/host/session-settings')),
    }));
    const channels = ['telegram', 'slack', 'local'];
    const read = new VsCodeSessionSettings(new Settings(), channels);
    const { policy, problems } = parseUserPolicy(read.policy());
    assert.deepEqual(problems, []);
    return JSON.stringify({
      policy: buildSnapshot({ user: policy, ...place }).version,
      access: read.access(),
      channels: channels.map((id) => read.channel(id)),
      sandbox: read.sandbox(),
      environment: read.environment(),
      approvalTtlMs: read.approvalTtlMs(),
    });
  }

  afterEach(() => atWorkspace.clear());

  it('cannot be written there at all: every one is of application or machine scope', () => {
    assert.ok(Object.keys(settings).length > 15);
    const wrong = Object.entries(settings).filter(
      ([, { scope }]) => scope !== 'application' && scope !== 'machine',
    );
    assert.deepEqual(wrong, []);
  });

  it('are not believed even if they could be, one by one and all at once', () => {
    const without = believed();
    for (const [name, setting] of Object.entries(settings)) {
      for (const value of wishes(setting)) {
        atWorkspace.clear();
        atWorkspace.set(name, value);
        assert.equal(believed(), without, `${name} = ${JSON.stringify(value)}`);
      }
    }
    for (const [name, setting] of Object.entries(settings)) atWorkspace.set(name, wishes(setting).at(-1));
    assert.equal(believed(), without);
  });
});
