import type { Shell } from '../../model/analysis';
import type { Facts } from '../facts';
import type { ShellState } from '../state';
import type { Stream } from '../value';

/** A script that a command runs and that stands on the line. */
export type RunScript = (text: string, stdin?: Stream, shell?: Shell) => Stream;

export type Special = (facts: Facts, state: ShellState, run: RunScript) => void;
