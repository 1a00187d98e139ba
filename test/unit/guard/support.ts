import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { coverage, createGuard, DEFAULT_TRUSTED, type Guard } from '../../../src/engine/guard';
import type { CommandAnalysis, Shell } from '../../../src/engine/model/analysis';

export interface Case {
  readonly shell: Shell;
  readonly cmd: string;
  readonly expect: 'block' | 'not-auto' | 'not-block' | 'auto';
  readonly why: string;
}

export const PLACE = { cwd: '/home/ann/project', workspace: '/home/ann/project', home: '/home/ann' };
export const WINDOWS_PLACE = {
  cwd: 'C:\\Users\\ann\\project',
  workspace: 'C:\\Users\\ann\\project',
  home: 'C:\\Users\\ann',
};

/** The patterns that the shared cases are measured with. */
export const BROAD = ['git *', 'ls *', 'echo *', 'sort *', 'npm *', 'cat *', 'find *', 'sed *'];

let guard: Promise<Guard> | undefined;
export function theGuard(): Promise<Guard> {
  guard ??= createGuard();
  return guard;
}

export function placeOf(shell: Shell): typeof PLACE {
  return shell === 'bash' ? PLACE : WINDOWS_PLACE;
}

export function blocked(analysis: CommandAnalysis): boolean {
  return analysis.findings.some((finding) => finding.severity === 'block');
}

/** Undefined when the case comes out as expected, else what happened instead. */
export function verdict(guard: Guard, one: Case): string | undefined {
  const analysis = guard.analyse({ line: one.cmd, shell: one.shell, ...placeOf(one.shell) });
  const found = analysis.findings.map((finding) => `${finding.severity}:${finding.ruleId}`).join(' ');
  const say = (text: string): string =>
    `${one.expect} but ${text}: ${one.shell} ${one.cmd}  [${analysis.status} ${analysis.why ?? ''}] ${found}`;
  switch (one.expect) {
    case 'block':
      return blocked(analysis) ? undefined : say('not blocked');
    case 'not-block':
      return blocked(analysis) ? say('blocked') : undefined;
    case 'not-auto':
      for (const patterns of [BROAD, [...BROAD, ...DEFAULT_TRUSTED]]) {
        if (!blocked(analysis) && coverage(patterns, analysis).covered) return say('covered');
      }
      return undefined;
    case 'auto': {
      const result = coverage(DEFAULT_TRUSTED, analysis);
      return !blocked(analysis) && result.covered ? undefined : say(`not covered (${result.why})`);
    }
  }
}

export function readCases(dir = join(__dirname, '../../cases')): { file: string; cases: Case[] }[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((file) => ({
      file,
      cases: readFileSync(join(dir, file), 'utf8')
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => JSON.parse(line) as Case),
    }));
}
