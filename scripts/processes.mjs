// Child processes of the scripts: started with a mark in their environment, ended with everything they started.
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Runs a command to its end with inherited output.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, limitMs?: number, mark?: string, quiet?: boolean }} options
 *   `mark` is put into the environment as COWORK_RUN_ID; whatever carries it afterwards is ended too.
 * @returns {Promise<{ code: number, timedOut: boolean, output: string }>} code is 1 when a signal ended it.
 */
export function run(command, args, { cwd, env = process.env, limitMs, mark, quiet = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: mark === undefined ? env : { ...env, COWORK_RUN_ID: mark },
      stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
      shell: process.platform === 'win32' && command.endsWith('.cmd'),
    });
    let output = '';
    const take = (chunk) => {
      output += chunk.toString('utf8');
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    let timedOut = false;
    const timer =
      limitMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            endTree(child.pid);
          }, limitMs);
    const finish = (code) => {
      clearTimeout(timer);
      if (mark !== undefined) endMarked(mark);
      resolve({ code, timedOut, output });
    };
    child.on('error', (error) => {
      output += error.message;
      if (!quiet) console.error(error.message);
      finish(1);
    });
    child.on('exit', (code) => finish(code ?? 1));
  });
}

/** Ends a process and its descendants at once. */
export function endTree(pid) {
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    spawnSync('taskkill', ['/PID', String(pid), '/T', '/F'], { stdio: 'ignore' });
    return;
  }
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const pairs = (stdout ?? '').split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  const doomed = [pid];
  for (let at = 0; at < doomed.length; at += 1) {
    for (const [child, parent] of pairs) if (parent === doomed[at]) doomed.push(child);
  }
  for (const one of doomed) kill(one);
}

/**
 * Ends every process whose environment carries the mark, daemons that left their parents included. Only Linux
 * shows environments; elsewhere the tree is all there is.
 * @returns {number} how many were still running
 */
export function endMarked(mark) {
  if (process.platform !== 'linux') return 0;
  let ended = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      const entries = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
      if (!entries.includes(`COWORK_RUN_ID=${mark}`)) continue;
    } catch {
      continue;
    }
    kill(Number(name));
    ended += 1;
  }
  return ended;
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
