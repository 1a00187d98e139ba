import type { Facts } from '../facts';
import { pathRef } from '../gather';
import type { ShellState } from '../state';

/** How what such a program runs begins, where it is a file from outside. */
export const GIVEN = 'what is in';

/**
 * Files that a build or a test program is given by a path that leaves the project: `--reporter=/tmp/x.js` is
 * code that nobody here has written.
 */
export function givenPaths(facts: Facts, state: ShellState): void {
  for (const word of facts.words) {
    const path = /^(?:-{1,2}[\w.:-]+=)?((?:\/|~\/|\.\.\/).*)$/.exec(word.shape)?.[1];
    if (path === undefined) continue;
    // A switch of Windows: `msbuild /t:Clean`.
    if (facts.shell !== 'bash' && /^\/\w+(?::|$)/.test(word.shape)) continue;
    if (word.shape.startsWith('-')) facts.executes.push(`${GIVEN} ${path}`);
    facts.reads.push(pathRef(path, state, facts.shell));
  }
}
