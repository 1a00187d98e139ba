import type { Facts } from '../facts';
import type { ShellState } from '../state';
import { guessOf } from '../value';
import { awk, interpreter, sed, writtenPrograms } from './code';
import {
  afterRotation,
  fd,
  forfiles,
  packageScripts,
  runSteering,
  shellEscape,
  sshOptions,
  tcl,
} from './escapes';
import { archive, chmod, dd, del, find, fromPipe, mv, rm, rsync, scp } from './files';
import { gitBranch } from './git';
import { givenPaths } from './given';
import { endsEverything, taskScheduler, wmic } from './machine';
import { remoteRun } from './remote';
import {
  crontab,
  database,
  date,
  editor,
  inContainer,
  jq,
  make,
  multiplexer,
  nc,
  startProcess,
  stdinEditor,
  stdinScript,
} from './tools';
import type { RunScript, Special } from './types';

/** What option tables cannot say: programs whose arguments are a language of their own. */
export function specialise(facts: Facts, state: ShellState, run: RunScript): void {
  if (Object.hasOwn(SPECIAL, facts.name)) SPECIAL[facts.name]?.(facts, state, run);
  runSteering(facts, run);
  if (facts.spec?.wrapper === undefined) execOptions(facts, run);
  const kind = facts.args.subSpec?.kind ?? facts.spec?.kind;
  if (kind === 'interpreter') interpreter(facts, state, run);
  if (kind === 'build' || kind === 'runner') {
    givenPaths(facts, state);
    writtenPrograms(facts, state, run);
  }
}

/** Options whose value is a shell line: `--compress-program=…`, `-x …`. */
function execOptions(facts: Facts, run: RunScript): void {
  for (const option of facts.args.options) {
    const text = option.role === 'exec' ? guessOf(option.value)?.replace(/^(exec=|[:!]+)/, '') : undefined;
    if (text !== undefined && text !== '') run(text);
  }
  if (facts.args.subSpec?.positionals?.[0] === 'exec') {
    const line = facts.args.positionals.map((word) => guessOf(word) ?? '').join(' ');
    if (line !== '') run(line);
  }
}

const SPECIAL: Readonly<Record<string, Special>> = {
  chmod,
  chown: chmod,
  chgrp: chmod,
  find,
  gfind: find,
  bfs: find,
  awk,
  gawk: awk,
  mawk: awk,
  nawk: awk,
  sed,
  gsed: sed,
  del,
  erase: del,
  mv,
  rm,
  rsync,
  kill: endsEverything,
  'stop-process': endsEverything,
  'stop-service': endsEverything,
  schtasks: taskScheduler,
  wmic,
  adb: remoteRun,
  ansible: remoteRun,
  salt: remoteRun,
  pdsh: remoteRun,
  pssh: remoteRun,
  'parallel-ssh': remoteRun,
  dsh: remoteRun,
  clush: remoteRun,
  mco: remoteRun,
  scp,
  sftp: sshOptions,
  ssh: sshOptions,
  autossh: sshOptions,
  fd,
  fdfind: fd,
  forfiles,
  tcpdump: afterRotation,
  npm: packageScripts,
  pnpm: packageScripts,
  yarn: packageScripts,
  tclsh: tcl,
  expect: tcl,
  less: shellEscape,
  more: shellEscape,
  most: shellEscape,
  gdb: shellEscape,
  lldb: shellEscape,
  '7z': archive,
  '7za': archive,
  tmux: multiplexer,
  screen: multiplexer,
  byobu: multiplexer,
  date,
  jq,
  gojq: jq,
  jaq: jq,
  'start-process': startProcess,
  'remove-item': fromPipe,
  'move-item': fromPipe,
  'clear-content': fromPipe,
  docker: inContainer,
  podman: inContainer,
  nerdctl: inContainer,
  'docker-compose': inContainer,
  kubectl: inContainer,
  oc: inContainer,
  lxc: inContainer,
  incus: inContainer,
  crictl: inContainer,
  tar: archive,
  gtar: archive,
  bsdtar: archive,
  zip: archive,
  dd,
  shred: dd,
  tee: dd,
  git: gitBranch,
  vim: editor,
  vi: editor,
  nvim: editor,
  ex: editor,
  ed: stdinEditor,
  view: editor,
  psql: database,
  sqlite3: database,
  mysql: database,
  mariadb: database,
  mongosh: database,
  mongo: database,
  'redis-cli': database,
  'valkey-cli': database,
  crontab,
  at: stdinScript,
  batch: stdinScript,
  make,
  gmake: make,
  nc,
  ncat: nc,
  netcat: nc,
  'nc.traditional': nc,
};
