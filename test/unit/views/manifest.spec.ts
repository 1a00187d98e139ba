import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMAND_IDS, CONTEXT_KEYS, VIEW_IDS } from '../../../src/views/command-ids';
import { literals, root, sourcesIn } from './sources';

interface Menu {
  readonly command: string;
  readonly when?: string;
}
interface Setting {
  readonly scope: string;
  readonly default: unknown;
  readonly markdownDescription: string;
  readonly enum?: readonly string[];
  readonly markdownEnumDescriptions?: readonly string[];
}

const text = readFileSync(join(root, 'package.json'), 'utf8');
const manifest = JSON.parse(text);
const { contributes } = manifest;
const settings: Readonly<Record<string, Setting>> = Object.assign(
  {},
  ...contributes.configuration.map((section: { properties: object }) => section.properties),
);
const menus: readonly Menu[] = Object.values<readonly Menu[]>(contributes.menus).flat();
const conditions: readonly string[] = [
  ...menus.map((item) => item.when ?? ''),
  ...contributes.viewsWelcome.map((item: { when: string }) => item.when),
  ...contributes.keybindings.map((item: { when: string }) => item.when),
];
const sources = sourcesIn('src').filter((file) => !file.endsWith('command-ids.ts'));
const used = new Set(sources.flatMap((file) => [...literals(file)]));

describe('the manifest and the code', () => {
  it('declare the same commands', () => {
    const declared = contributes.commands.map((item: { command: string }) => item.command);
    assert.deepEqual([...declared].sort(), [...COMMAND_IDS].sort());
  });

  it('declare the same views, in the same order', () => {
    const declared = contributes.views.cowork.map((view: { id: string }) => view.id);
    assert.deepEqual(declared, VIEW_IDS);
    for (const id of VIEW_IDS) assert.ok(used.has(id), `nothing provides the view ${id}`);
  });

  it('name no command that does not exist, in menus, keys, welcome texts and walkthroughs', () => {
    const own = new Set<string>(COMMAND_IDS);
    const named = [
      ...menus.map((item) => item.command),
      ...contributes.keybindings.map((item: Menu) => item.command),
      ...[...readFileSync(join(root, 'package.nls.json'), 'utf8').matchAll(/command:([\w.]+)/g)].map(
        (match) => match[1],
      ),
    ];
    for (const command of named) {
      assert.ok(
        command !== undefined && (own.has(command) || /^workbench\./.test(command)),
        `${command} is not a command`,
      );
    }
  });

  it('use every context key that is set, and set every one that is used', () => {
    const inManifest = new Set(
      [...conditions, ...[...text.matchAll(/onContext:([\w.]+)/g)].map((match) => match[1] ?? '')]
        .flatMap((condition) => [...condition.matchAll(/cowork\.[A-Za-z]+/g)].map((match) => match[0]))
        .filter((word) => !VIEW_IDS.some((id) => id === word)),
    );
    assert.deepEqual([...inManifest].sort(), [...CONTEXT_KEYS].sort());
    const setters = literals('src/views/context-keys.ts');
    for (const key of CONTEXT_KEYS) assert.ok(setters.has(key), `${key} is never set`);
  });

  it('mention only states that exist in conditions on the state', () => {
    const states = new Set(['no-folder', 'restricted', 'starting', 'held', 'failed', 'ready', 'paused']);
    for (const condition of conditions) {
      for (const match of condition.matchAll(/cowork\.state == (\S+)/g)) {
        assert.ok(states.has(match[1] ?? ''), `${match[0]} never holds`);
      }
    }
  });

  it('match every context value that a tree gives, and only those', () => {
    const given = [
      'channel.running.builtin',
      'channel.running.external',
      'channel.running.external.called',
      'channel.stopped.builtin',
      'channel.stopped.external',
      'context.pairing',
      'context.allowlist',
      'context.open',
      'context.disabled',
      'code',
      'conversation',
      'user.active.other.plain',
      'user.active.mayApprove.plain',
      'user.active.approves.secured',
      'user.suspended.approves.plain',
      'user.revoked.other.secured',
      'task.active',
      'task.final',
      'finding.own',
      'finding.place',
      'finding.none',
      'acceptedRisk',
      'appliedFix',
      'score',
      'item.once',
      'item.task.waiting',
      'item.task.due',
      'item.task.snoozed',
    ];
    const patterns = contributes.menus['view/item/context'].map(
      (item: Menu) => /viewItem =~ \/(.*)\/$/.exec(item.when ?? '')?.[1],
    );
    for (const pattern of patterns) {
      assert.ok(
        pattern !== undefined && given.some((value) => new RegExp(pattern).test(value)),
        `${pattern} matches no row`,
      );
    }
    for (const value of given) {
      assert.ok(
        patterns.some((pattern: string) => new RegExp(pattern).test(value)),
        `${value} has no action`,
      );
    }
  });

  it('[LAW-2] let no workspace change a setting that could weaken security', () => {
    for (const [key, setting] of Object.entries(settings)) {
      assert.ok(['machine', 'application'].includes(setting.scope), `${key} has the scope ${setting.scope}`);
    }
    const { untrustedWorkspaces, virtualWorkspaces } = manifest.capabilities;
    assert.equal(untrustedWorkspaces.supported, 'limited');
    assert.equal(virtualWorkspaces.supported, false);
    assert.deepEqual([...untrustedWorkspaces.restrictedConfigurations].sort(), Object.keys(settings).sort());
  });

  it('describe every setting, and every value that it may have', () => {
    for (const [key, setting] of Object.entries(settings)) {
      assert.match(setting.markdownDescription, /^%.+%$/, key);
      assert.notEqual(setting.default, undefined, key);
      if (setting.enum !== undefined)
        assert.equal(setting.markdownEnumDescriptions?.length, setting.enum.length, key);
    }
  });

  it('read every setting that is declared', () => {
    const templates = sources.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
    for (const key of Object.keys(settings)) {
      const name = key.replace(/^cowork\./, '');
      const [group = '', channel = '', field = ''] = name.split('.');
      const read =
        used.has(name) ||
        used.has(key) ||
        templates.includes(`${name.slice(0, name.lastIndexOf('.'))}.\${`) ||
        (group === 'channels' &&
          templates.includes(`${field}:`) &&
          existsSync(join(root, `src/channels/${channel}/descriptor.ts`)));
      assert.ok(read, `nothing reads ${key}`);
    }
  });

  it('point to pictures that exist', () => {
    for (const [path] of text.matchAll(/media\/[\w-]+\.\w+/g))
      assert.ok(existsSync(join(root, path)), `${path} is missing`);
  });

  it('have the same strings in every language, each used once declared', () => {
    const names = [...new Set([...text.matchAll(/%([\w.-]+)%/g)].map((match) => match[1] ?? ''))].sort();
    for (const file of ['package.nls.json', 'package.nls.de.json']) {
      const strings: Readonly<Record<string, string>> = JSON.parse(readFileSync(join(root, file), 'utf8'));
      assert.deepEqual(Object.keys(strings).sort(), names, file);
      for (const [key, value] of Object.entries(strings))
        assert.ok(value.trim() !== '', `${file}: ${key} is empty`);
    }
  });
});
