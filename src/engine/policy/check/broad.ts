import { canonicalName, specOf } from '../../guard/programs';

const KINDS = {
  shell: 'a shell',
  interpreter: 'an interpreter',
  runner: 'a package runner',
} as const;

/** Options that have a program say something of itself and run nothing. */
const ABOUT_ITSELF: ReadonlySet<string> = new Set(['--version', '-version', '-v', '-V', '--help', '-h']);

/**
 * Why a command pattern says too little, or undefined: it names no program, or only one that runs whatever it is
 * given. `npx jest *` and `node build.js` say what is run; `node *`, `bash -c *` and `sudo *` do not.
 */
export function tooBroad(pattern: string): string | undefined {
  const [program = '*', ...rest] = pattern.trim().split(/\s+/);
  if (/^\*+$/.test(program)) return 'It names no program, so it is about every command.';
  const spec = specOf(canonicalName(nameOf(program), 'bash'), 'bash');
  const kind = spec?.wrapper === undefined ? KINDS[spec?.kind as keyof typeof KINDS] : 'a wrapper';
  if (kind === undefined) return undefined;
  if (rest.length > 0 && rest.every((word) => ABOUT_ITSELF.has(word))) return undefined;
  // Options do not say what is run: `bash -c *`, `npx --yes *`.
  const named = rest.find((word) => !word.startsWith('-'));
  if (named !== undefined && !named.startsWith('*')) return undefined;
  return `"${program}" is ${kind}: it runs whatever it is given, and the pattern does not say what.`;
}

function nameOf(program: string): string {
  return program.slice(Math.max(program.lastIndexOf('/'), program.lastIndexOf('\\')) + 1).toLowerCase();
}
