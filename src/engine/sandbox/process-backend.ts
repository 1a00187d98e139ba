import { readdirSync } from 'node:fs';
import {
  checkRunSpec,
  type OutputListener,
  type RunLimits,
  type RunResult,
  type RunSpec,
  type SandboxBackend,
  type SandboxDescription,
} from './backend';
import { childEnvironment } from './environment';
import { execute } from './execute';
import { FilterProxy, proxyVariables } from './filter-proxy';
import { readOrNothing } from './process-list';
import type { RunMarker } from './run-marker';

/** Linux, every architecture that Node runs on. */
const O_CLOEXEC = 0o2000000;

/**
 * Sets what `setrlimit` can and becomes the command. Fixed text; everything that varies is an argument.
 * `-d` limits writable memory, not address space: runtimes such as Node reserve far more than they use.
 * Both streams become one, so that output stays in the order in which it was written.
 */
const LIMIT_SCRIPT =
  '{ ulimit -c 0; ulimit -f "$1"; ulimit -d "$2"; } 2>/dev/null; shift 3; exec 2>&1; exec "$@"';
/** The same, after closing the descriptors named in `$3`; dash cannot close those above 9. */
const CLOSING_SCRIPT = `for fd in $3; do eval "exec $fd>&-"; done; ${LIMIT_SCRIPT}`;

/** argv that runs `argv` under the limits that a process can be given when it starts. */
export function limitedArgv(
  argv: readonly string[],
  limits: RunLimits,
  marker: RunMarker,
  strayFds: readonly number[] = strayDescriptors(),
): string[] {
  const kib = Math.ceil(limits.memoryBytes / 1024);
  const shell =
    strayFds.length === 0
      ? ['/bin/sh', '-c', LIMIT_SCRIPT, 'sh']
      : ['/bin/bash', '--posix', '--noprofile', '--norc', '-c', CLOSING_SCRIPT, 'sh'];
  return [...shell, String(marker.fileBlocks), String(kib), strayFds.join(' '), ...argv];
}

let stray: readonly number[] | undefined;

/**
 * Descriptors that this process was itself started with and that its children would inherit. Node marks all
 * that it opens as close-on-exec, so the list cannot grow later.
 */
export function strayDescriptors(): readonly number[] {
  stray ??= findStrayDescriptors();
  return stray;
}

function findStrayDescriptors(): number[] {
  if (process.platform !== 'linux') return [];
  const found: number[] = [];
  for (const name of readdirSync('/proc/self/fd')) {
    const flags = /^flags:\s+([0-7]+)/m.exec(readOrNothing(`/proc/self/fdinfo/${name}`))?.[1];
    const closesOnExec = (Number.parseInt(flags ?? '2000000', 8) & O_CLOEXEC) !== 0;
    if (Number(name) > 2 && !closesOnExec) found.push(Number(name));
  }
  return found;
}

/**
 * The fallback: no wall, but a clean environment, limits, and the end of the whole tree. Whoever uses it must
 * say so to the person who approves (FAQ-4).
 */
export class ProcessBackend implements SandboxBackend {
  readonly id = 'process' as const;

  constructor(
    private readonly hostEnv: Readonly<Record<string, string | undefined>> = process.env,
    private readonly platform: NodeJS.Platform = process.platform,
  ) {}

  describe(): SandboxDescription {
    return {
      label: 'Process isolation: no sandbox, full access to files and network as you',
      isolated: false,
      promises: [
        'environment by allowlist, none of the editor’s own variables',
        'no terminal and no input',
        'time, output, memory, process count and file size limited',
        'the whole process tree ends with the command',
      ],
    };
  }

  async selfTest(): Promise<{ ok: boolean; why: string }> {
    return { ok: true, why: 'Always available; it isolates nothing.' };
  }

  async run(spec: RunSpec, signal: AbortSignal, onOutput?: OutputListener): Promise<RunResult> {
    checkRunSpec(spec);
    const { env } = childEnvironment({
      host: this.hostEnv,
      workspace: spec.workspace,
      listed: spec.env,
      platform: this.platform,
    });
    // Announced, not promised: a program that does not go by these variables reaches what it likes.
    const proxy = spec.network === 'none' ? undefined : await FilterProxy.onPort(spec.network);
    try {
      return await execute(
        (marker) => ({
          argv: this.platform === 'win32' ? spec.argv : limitedArgv(spec.argv, spec.limits, marker),
          cwd: spec.cwd,
          env: { ...env, ...(proxy ? proxyVariables(proxy.url) : {}) },
          platform: this.platform,
        }),
        spec.limits,
        signal,
        onOutput,
      );
    } finally {
      proxy?.close();
    }
  }
}
