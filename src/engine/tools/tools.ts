import { deleteTool } from './delete';
import { editTool } from './edit';
import { listTool } from './list';
import { moveTool } from './move';
import { readTool } from './read';
import { runTool } from './run';
import { searchTool } from './search';
import type { Tool } from './tool';
import { writeTool } from './write';

/** Every tool of the engine, by name. */
export function createTools(): Map<string, Tool> {
  const tools = [listTool, readTool, searchTool, writeTool, editTool, moveTool, deleteTool, runTool];
  return new Map(tools.map((tool) => [tool.name, tool]));
}
