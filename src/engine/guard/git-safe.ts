/**
 * Settings that keep git from running what a repository names: its file-system monitor, its hooks, its pager,
 * editors, credential helpers, external diffs, and remote helpers that are shells. Names are git-config(1)'s.
 */
const SETTINGS: readonly (readonly [string, string])[] = [
  ['core.fsmonitor', 'false'],
  ['core.hooksPath', '/dev/null'],
  ['core.pager', 'cat'],
  ['core.editor', 'false'],
  ['core.askPass', ''],
  ['core.sshCommand', 'ssh'],
  ['core.gitProxy', ''],
  ['sequence.editor', 'false'],
  ['diff.external', ''],
  ['protocol.ext.allow', 'never'],
  ['credential.helper', ''],
  ['gpg.program', 'false'],
  ['gpg.ssh.program', 'false'],
  ['gpg.x509.program', 'false'],
  ['init.templateDir', ''],
  ['uploadpack.packObjectsHook', ''],
  ['submodule.recurse', 'false'],
];

/**
 * Environment for any command that may start git: configuration that outranks the repository's own
 * (GIT_CONFIG_COUNT, since git 2.31), no prompts, no pager, no external diff.
 */
export function gitSafeEnvironment(): Record<string, string> {
  const environment: Record<string, string> = {
    GIT_CONFIG_COUNT: String(SETTINGS.length),
    GIT_PAGER: 'cat',
    GIT_EDITOR: 'false',
    GIT_SEQUENCE_EDITOR: 'false',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh',
    PAGER: 'cat',
  };
  for (const [index, [key, value]] of SETTINGS.entries()) {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return environment;
}

/** `git status` as `git -c core.fsmonitor=false … status`, for when the environment cannot be set. Others unchanged. */
export function hardenedArgv(argv: readonly string[]): string[] {
  const [program, ...rest] = argv;
  if (program === undefined || !/(^|[\\/])git(\.exe)?$/.test(program)) return [...argv];
  return [
    program,
    ...SETTINGS.filter(([, value]) => value !== '').flatMap(([key, value]) => ['-c', `${key}=${value}`]),
    '--no-pager',
    ...rest,
  ];
}
