import type { Desk } from '../model/desk';
import type { EgressPort } from '../model/egress';
import { deleteTool } from './delete';
import { createDeskTools } from './desk-tools';
import { editTool } from './edit';
import { createFetchTool } from './fetch';
import { gitCommitTool, gitDiffTool, gitStatusTool } from './git';
import { createHistoryTool, type HistoryPort } from './history';
import { createHttpTool } from './http';
import { listTool } from './list';
import { moveTool } from './move';
import { readTool } from './read';
import { runTool } from './run';
import { searchTool } from './search';
import { sendTool } from './send';
import type { Tool } from './tool';
import { writeTool } from './write';

export interface ToolsOptions {
  /** Without a way out there is no tool that uses the network. */
  readonly egress?: EgressPort;
  /** Without an editor there is no tool that reaches the desk. */
  readonly desk?: Desk;
  readonly history?: HistoryPort;
}

/** Every tool of the engine, by name. */
export function createTools({ egress, desk, history }: ToolsOptions = {}): Map<string, Tool> {
  const files = [listTool, readTool, searchTool, writeTool, editTool, moveTool, deleteTool];
  const tools = [...files, sendTool, runTool, gitStatusTool, gitDiffTool, gitCommitTool];
  if (egress) tools.push(createFetchTool(egress), createHttpTool(egress));
  if (desk) tools.push(...createDeskTools(desk));
  if (history) tools.push(createHistoryTool(history));
  return new Map(tools.map((tool) => [tool.name, tool]));
}
