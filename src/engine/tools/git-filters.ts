import { EngineError } from '../model/error';
import type { RunResult } from '../sandbox/backend';

/** The parts of a filter that name a program (gitattributes(5)). */
const PARTS = ['clean', 'smudge', 'process'] as const;

/** Scopes that the repository itself decides; a filter of the person's own, such as Git LFS, is none of these. */
const OWN_SCOPES = new Set(['local', 'worktree']);

/** Asks git which filters are set, and by whom. Reads configuration and runs nothing of it. */
export const LIST_FILTERS: readonly string[] = [
  ...['config', '--null', '--show-scope', '--name-only', '--get-regexp', '^filter\\.'],
];

/**
 * Names of the filters that the repository's own configuration sets: each is a program that git would run on a file
 * that only looks at it. @throws EngineError when what git says is not understood.
 */
export function ownFilters(listed: RunResult): readonly string[] {
  // 1: nothing is set.
  if (listed.exitCode === 1 && listed.output.length === 0) return [];
  if (listed.exitCode !== 0 || listed.output.cut) {
    throw new EngineError(
      `The filters of this repository could not be listed, so git was not run: ${listed.output.text.trim() || 'no answer'}.`,
    );
  }
  const words = listed.output.text.split('\0');
  const names = new Set<string>();
  for (let at = 0; at + 1 < words.length; at += 2) {
    const [scope = '', key = ''] = words.slice(at, at + 2);
    const name = /^filter\.([\s\S]*)\.[^.]*$/.exec(key)?.[1];
    if (OWN_SCOPES.has(scope) && name !== undefined) names.add(name);
  }
  return [...names];
}

/** Options of git that switch those filters off. @throws EngineError for a name that no option can hold. */
export function withoutFilters(names: readonly string[]): readonly string[] {
  return names.flatMap((name) => {
    if (/[=\n]/.test(name)) {
      throw new EngineError(
        'This repository sets a filter under a name that cannot be switched off; git was not run.',
      );
    }
    const off = PARTS.flatMap((part) => ['-c', `filter.${name}.${part}=`]);
    return [...off, '-c', `filter.${name}.required=false`];
  });
}
