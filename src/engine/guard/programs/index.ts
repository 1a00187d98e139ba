import type { Shell } from '../../model/analysis';
import { CMD } from './cmd';
import { FILES } from './files';
import { VERSION_CONTROL } from './git';
import { NETWORK } from './network';
import { PACKAGES } from './packages';
import { POWERSHELL } from './powershell';
import { POWERSHELL_ALIASES } from './powershell-aliases';
import { READING } from './reading';
import { SERVICES } from './services';
import { SHELLS } from './shells';
import type { ProgramSpec } from './spec';
import { SYSTEM } from './system';
import { TOOLS } from './tools';
import { WRAPPERS } from './wrappers';

function index(specs: readonly ProgramSpec[]): ReadonlyMap<string, ProgramSpec> {
  const map = new Map<string, ProgramSpec>();
  for (const spec of specs) for (const name of spec.names) if (!map.has(name)) map.set(name, spec);
  return map;
}

const COMMON = index([
  ...SHELLS,
  ...WRAPPERS,
  ...READING,
  ...FILES,
  ...VERSION_CONTROL,
  ...NETWORK,
  ...PACKAGES,
  ...SERVICES,
  ...SYSTEM,
  ...TOOLS,
]);
const OF_CMD = index(CMD);
const OF_POWERSHELL = index(POWERSHELL);

/** What is known of a program in a shell, by the name that `canonicalName` gives. */
export function specOf(name: string, shell: Shell): ProgramSpec | undefined {
  if (shell === 'cmd') return OF_CMD.get(name) ?? COMMON.get(name);
  if (shell === 'powershell') return OF_POWERSHELL.get(name) ?? OF_CMD.get(name) ?? COMMON.get(name);
  return COMMON.get(name);
}

/** Names that a disguised program is compared with: everything that can do harm. */
export function knownPrograms(): IterableIterator<string> {
  return COMMON.keys();
}

/** The cmdlets that are known, for wildcards in `Get-Command`. */
export function knownCmdlets(): IterableIterator<string> {
  return OF_POWERSHELL.keys();
}

/** Names under which one interpreter is installed. */
const ALIASES: Readonly<Record<string, string>> = {
  python2: 'python',
  python3: 'python',
  py: 'python',
  nodejs: 'node',
  perl5: 'perl',
  pip2: 'pip',
  pip3: 'pip',
  php7: 'php',
  php8: 'php',
  aws2: 'aws',
  gpg2: 'gpg',
};

const VERSIONED = /^(python|pypy|pip|php|ruby|perl|lua|node|gcc|clang|tclsh|java)[\d.]+$/;

/** One name for a program: versions, `.exe`, PowerShell's aliases and `mkfs.ext4` are taken away. */
export function canonicalName(name: string, shell: Shell): string {
  let result = name;
  if (shell !== 'bash') result = result.toLowerCase();
  const file = /\.(exe|com|cmd|bat)$/i.test(result);
  if (file) result = result.slice(0, -4).toLowerCase();
  // `sc.exe` is the program, `sc` the alias.
  if (shell === 'powershell' && !file)
    result = (Object.hasOwn(POWERSHELL_ALIASES, result) && POWERSHELL_ALIASES[result]) || result;
  if (Object.hasOwn(ALIASES, result)) return ALIASES[result] ?? result;
  if (COMMON.has(result)) return result;
  if (/^mkfs\./.test(result) || /^mkfs_/.test(result) || result === 'mkdosfs' || result === 'mkntfs')
    return 'mkfs';
  const versioned = VERSIONED.exec(result)?.[1];
  if (versioned !== undefined) return versioned;
  return result;
}
