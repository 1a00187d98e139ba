/**
 * Configuration that every run of git inherits, so that a repository's own configuration cannot run code
 * behind a command that looks as if it only reads. `GIT_CONFIG_KEY_n` outranks every configuration file.
 * Each row: a program of the repository's choosing that git would otherwise start. What cannot be switched
 * off this way (`diff.external`, `filter.*`, `merge.*.driver`) needs the sandbox.
 */
export const GIT_HARDENING: readonly (readonly [key: string, value: string])[] = [
  ['core.fsmonitor', 'false'],
  ['core.hooksPath', '/dev/null'],
  ['core.sshCommand', 'ssh'],
  ['core.askPass', ''],
  ['core.editor', 'true'],
  ['sequence.editor', 'true'],
  ['core.pager', 'cat'],
  ['core.alternateRefsCommand', ''],
  ['gpg.program', 'gpg'],
  ['commit.gpgSign', 'false'],
  ['tag.gpgSign', 'false'],
  ['log.showSignature', 'false'],
  ['protocol.ext.allow', 'never'],
  ['safe.bareRepository', 'explicit'],
  ['submodule.recurse', 'false'],
  ['fetch.recurseSubmodules', 'false'],
  ['maintenance.auto', 'false'],
  ['gc.auto', '0'],
  ['interactive.diffFilter', ''],
  ['credential.helper', ''],
];

/** Variables to add to every child's environment: `GIT_HARDENING`, no prompts, no pager, no editor. */
export function gitEnvironment(): Record<string, string> {
  const env: Record<string, string> = {
    GIT_CONFIG_COUNT: String(GIT_HARDENING.length),
    GIT_TERMINAL_PROMPT: '0',
    GIT_PAGER: 'cat',
    GIT_EDITOR: 'true',
    GIT_SEQUENCE_EDITOR: 'true',
    GIT_ASKPASS: '',
    GIT_OPTIONAL_LOCKS: '0',
  };
  GIT_HARDENING.forEach(([key, value], at) => {
    env[`GIT_CONFIG_KEY_${at}`] = key;
    env[`GIT_CONFIG_VALUE_${at}`] = value;
  });
  return env;
}
