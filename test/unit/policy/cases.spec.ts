import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGuard } from '../../../src/engine/guard';
import type { CommandAnalysis, Shell } from '../../../src/engine/model/analysis';
import { decide } from '../../../src/engine/policy/decide';
import type { UserPolicy } from '../../../src/engine/policy/schema';
import { buildSnapshot } from '../../../src/engine/policy/snapshot';
import { facts, request } from './support';

interface Case {
  readonly shell: Shell;
  readonly cmd: string;
  readonly expect: 'block' | 'not-block' | 'not-auto' | 'auto';
}

const UNIX = { cwd: '/home/ann/project', workspace: '/home/ann/project', home: '/home/ann' };
const WINDOWS = {
  cwd: 'C:\\Users\\ann\\project',
  workspace: 'C:\\Users\\ann\\project',
  home: 'C:\\Users\\ann',
};

/** Trusted when it is asked whether something hides behind a trusted first word. */
const BROAD = ['git *', 'ls *', 'echo *', 'sort *', 'npm *', 'cat *', 'find *', 'sed *'];

const folder = join(__dirname, '../../cases');
const cases: readonly Case[] = readdirSync(folder)
  .filter((name) => name.endsWith('.jsonl'))
  .flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'))
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Case);

describe('policy: the corpus of commands', () => {
  const analyses = new Map<Case, CommandAnalysis>();

  before(async function () {
    this.timeout(60_000);
    const guard = await createGuard();
    for (const one of cases) {
      const place = one.shell === 'bash' ? UNIX : WINDOWS;
      analyses.set(one, guard.analyse({ line: one.cmd, shell: one.shell, ...place }));
    }
  });

  function decisions(expect: Case['expect'], user: UserPolicy) {
    const snapshots = [UNIX, WINDOWS].map((place) =>
      buildSnapshot({ user, workspaceRoot: place.workspace, home: place.home }),
    );
    return cases
      .filter((one) => one.expect === expect)
      .map((one) => {
        const unix = one.shell === 'bash';
        const { cwd } = unix ? UNIX : WINDOWS;
        const given = facts({ analysis: analyses.get(one)! });
        return { cmd: one.cmd, decision: decide(snapshots[unix ? 0 : 1]!, request('run', { cwd }), given) };
      });
  }

  const generous: UserPolicy = { trusted: BROAD, defaultTrusted: true };

  it('[INI-3a] denies what is catastrophic, even with everything allowed and trusted', () => {
    const all = { delete: 'allow', shell: 'allow', network: 'allow' } as const;
    for (const user of [{}, { ...generous, mode: 'trusted', capabilities: all } satisfies UserPolicy]) {
      const wrong = decisions('block', user).filter(({ decision }) => decision.effect !== 'deny');
      assert.deepEqual(
        wrong.map(({ cmd }) => cmd),
        [],
      );
    }
  });

  it('denies nothing that only looks dangerous', () => {
    const wrong = decisions('not-block', {}).filter(({ decision }) => decision.effect === 'deny');
    assert.deepEqual(
      wrong.map(({ cmd }) => cmd),
      [],
    );
  });

  it('[FAQ-8] asks about what hides behind a trusted first word', () => {
    const wrong = decisions('not-auto', { trusted: BROAD }).filter(
      ({ decision }) => decision.effect === 'allow',
    );
    assert.deepEqual(
      wrong.map(({ cmd }) => cmd),
      [],
    );
  });

  it('[FAQ-8] runs plain reading inside the workspace with the default trusted set', () => {
    const wrong = decisions('auto', { defaultTrusted: true }).filter(
      ({ decision }) =>
        decision.effect !== 'allow' &&
        // A file outside the workspace is asked about, whoever reads it.
        !decision.verdicts.some((verdict) => verdict.ruleId === 'workspace.outside'),
    );
    assert.deepEqual(
      wrong.map(({ cmd }) => cmd),
      [],
    );
  });

  it('[FAQ-8] runs none of it without asking when nothing is trusted', () => {
    for (const expect of ['auto', 'not-auto', 'not-block'] as const) {
      const wrong = decisions(expect, {}).filter(({ decision }) => decision.effect === 'allow');
      assert.deepEqual(
        wrong.map(({ cmd }) => cmd),
        [],
      );
    }
  });
});
