import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/engine/model/ports';
import { ProcessBackend } from '../../../src/engine/sandbox/process-backend';
import type { Tool, ToolContext } from '../../../src/engine/tools/tool';

/** A workspace, a place outside of it and a storage, all fresh and real. */
export interface Place {
  readonly base: string;
  readonly workspace: string;
  readonly outside: string;
  readonly storage: string;
  readonly context: ToolContext;
  remove(): void;
}

export function makePlace(change: Partial<ToolContext> = {}): Place {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'cowork-tools-')));
  const [workspace, outside, storage] = ['workspace', 'outside', 'storage'].map((name) =>
    join(base, name),
  ) as [string, string, string];
  for (const folder of [workspace, outside, storage]) mkdirSync(folder);
  const context: ToolContext = {
    workspace,
    cwd: workspace,
    storageDir: storage,
    sandbox: new ProcessBackend(),
    signal: new AbortController().signal,
    clock: systemClock,
    taskId: 'task-1',
    ...change,
  };
  return {
    base,
    workspace,
    outside,
    storage,
    context,
    remove: () => rmSync(base, { recursive: true, force: true }),
  };
}

/** Uses a tool the way the engine does: facts first, then the run bound to them. */
export async function use(tool: Tool, args: Record<string, unknown>, context: ToolContext) {
  const facts = await tool.facts(args, context);
  return tool.run(args, { ...context, facts });
}
