import type { EgressPort } from '../model/egress';
import { deleteTool } from './delete';
import { editTool } from './edit';
import { createFetchTool } from './fetch';
import { gitCommitTool, gitDiffTool, gitStatusTool } from './git';
import { listTool } from './list';
import { moveTool } from './move';
import { readTool } from './read';
import { runTool } from './run';
import { searchTool } from './search';
import type { Tool } from './tool';
import { writeTool } from './write';

export interface ToolsOptions {
  /** Without a way out there is no tool that uses the network. */
  readonly egress?: EgressPort;
}

/** Every tool of the engine, by name. */
export function createTools(options: ToolsOptions = {}): Map<string, Tool> {
  const files = [listTool, readTool, searchTool, writeTool, editTool, moveTool, deleteTool];
  const tools = [...files, runTool, gitStatusTool, gitDiffTool, gitCommitTool];
  if (options.egress) tools.push(createFetchTool(options.egress));
  return new Map(tools.map((tool) => [tool.name, tool]));
}
