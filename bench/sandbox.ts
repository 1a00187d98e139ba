import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_LIMITS, type SandboxBackend } from '../src/engine/sandbox/backend';
import { BubblewrapBackend } from '../src/engine/sandbox/bubblewrap-backend';
import { DEFAULT_CONTAINER } from '../src/engine/sandbox/container-argv';
import { ContainerBackend } from '../src/engine/sandbox/container-backend';
import { ProcessBackend } from '../src/engine/sandbox/process-backend';

/** One figure of a benchmark. `goal` is what it is measured against, in the same unit. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal?: string;
}

const ARGV = ['/bin/bash', '--noprofile', '--norc', '-c', 'true'];

/**
 * What a sandbox costs per command: `bash -c true` bare and in every backend that works here, in turns, so that
 * whatever else the machine does falls on all alike. COWORK_BENCH_CONTAINER=image adds containers
 * (COWORK_BENCH_CLI: the program, `docker` by default; its options after it, separated by spaces).
 */
export async function run(rounds = 100): Promise<readonly BenchRow[]> {
  const base = realpathSync(mkdtempSync('/var/tmp/cowork-bench-'));
  try {
    return await measure(base, rounds);
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

async function measure(base: string, rounds: number): Promise<readonly BenchRow[]> {
  const workspace = realpathSync(mkdtempSync(join(base, 'workspace-')));
  const options = { storageDir: join(base, 'storage'), isProtected: () => false };
  const backends: SandboxBackend[] = [new ProcessBackend()];
  if (existsSync('/usr/bin/bwrap')) backends.push(new BubblewrapBackend(options));
  const image = process.env.COWORK_BENCH_CONTAINER;
  if (image) {
    const [cli = 'docker', ...cliOptions] = (process.env.COWORK_BENCH_CLI ?? 'docker').split(' ');
    backends.push(
      new ContainerBackend({ ...options, settings: { ...DEFAULT_CONTAINER, cli, cliOptions, image } }),
    );
  }
  const working: SandboxBackend[] = [];
  for (const backend of backends) if ((await backend.selfTest()).ok) working.push(backend);

  const times = new Map<string, number[]>([
    ['bare', []],
    ...working.map(({ id }): [string, number[]] => [id, []]),
  ]);
  const once = async (name: string, what: () => Promise<unknown>) => {
    const start = performance.now();
    await what();
    times.get(name)?.push(performance.now() - start);
  };
  for (let round = -5; round < rounds; round++) {
    // The first rounds warm what is warm in use.
    if (round === 0) for (const list of times.values()) list.length = 0;
    await once('bare', bare);
    for (const backend of working) {
      if (backend.id === 'container' && round % 10 !== 0) continue;
      await once(backend.id, () => runIn(backend, workspace));
    }
  }
  const middle = (name: string) => median(times.get(name) ?? []);
  const goals: Partial<Record<string, string>> = { process: '< 1.3', bubblewrap: '< 4' };
  return [
    { name: 'bare spawn of bash -c true', value: middle('bare'), unit: 'ms' },
    ...working.flatMap(({ id }): BenchRow[] => {
      const goal = goals[id];
      return [
        { name: `${id}, the same`, value: middle(id), unit: 'ms' },
        {
          name: `${id} beside bare`,
          value: middle(id) / middle('bare'),
          unit: '×',
          ...(goal ? { goal } : {}),
        },
      ];
    }),
  ];
}

function runIn(backend: SandboxBackend, workspace: string) {
  const spec = {
    argv: ARGV,
    cwd: workspace,
    workspace,
    env: {},
    limits: DEFAULT_LIMITS,
    network: 'none' as const,
  };
  return backend.run(spec, new AbortController().signal);
}

function bare(): Promise<void> {
  const [file = '', ...args] = ARGV;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    child.stdout.resume();
    child.stderr.resume();
    child.once('error', reject);
    child.once('close', () => resolve());
  });
}

function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;
}
