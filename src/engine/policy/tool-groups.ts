import type { ToolGroup } from '../model/decision';

/** What a person switches on and off. A tool, or an effect of a command, may need several. */
export const CAPABILITIES = ['read', 'write', 'delete', 'shell', 'network', 'clipboard', 'system'] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** What the policy knows of one tool. */
export interface ToolTraits {
  readonly groups: readonly ToolGroup[];
  readonly capabilities: readonly Capability[];
  /** Changes nothing, sends nothing, starts nothing: the only tools that the mode `plan` leaves on. */
  readonly readOnly: boolean;
  /** Changes files and nothing else, so that `accept-edits` covers it inside the workspace. */
  readonly edits: boolean;
  /** Shows or changes what belongs to the person at the desk (clipboard, screen): for owners alone. */
  readonly personal: boolean;
}

function traits(
  groups: readonly ToolGroup[],
  capabilities: readonly Capability[],
  kind: 'reads' | 'edits' | 'acts',
  personal = false,
): ToolTraits {
  return Object.freeze({
    groups: Object.freeze([...groups]),
    capabilities: Object.freeze([...capabilities]),
    readOnly: kind === 'reads',
    edits: kind === 'edits',
    personal,
  });
}

/** The one table of which tool belongs to which groups. A tool that is not here is denied. */
const TOOLS: ReadonlyMap<string, ToolTraits> = new Map([
  ['list', traits(['read'], ['read'], 'reads')],
  ['read', traits(['read'], ['read'], 'reads')],
  ['search', traits(['read'], ['read'], 'reads')],
  ['diagnostics', traits(['read'], ['read'], 'reads')],
  ['git.status', traits(['read'], ['read'], 'reads')],
  ['git.diff', traits(['read'], ['read'], 'reads')],
  ['write', traits(['write'], ['write'], 'edits')],
  ['edit', traits(['write'], ['write'], 'edits')],
  ['git.commit', traits(['write'], ['write'], 'edits')],
  ['move', traits(['write', 'destructive'], ['write'], 'edits')],
  ['send', traits(['read', 'export'], ['read'], 'acts')],
  ['delete', traits(['destructive'], ['delete'], 'acts')],
  ['run', traits(['shell'], ['shell'], 'acts')],
  ['fetch', traits(['network'], ['network'], 'acts')],
  ['http', traits(['network', 'export'], ['network'], 'acts')],
  ['clipboard.read', traits(['memory'], ['clipboard'], 'reads', true)],
  ['clipboard.write', traits(['memory'], ['clipboard'], 'acts', true)],
  ['history.search', traits(['memory', 'read'], ['read'], 'reads')],
  ['memory.read', traits(['memory', 'read'], ['read'], 'reads')],
  ['memory.write', traits(['memory', 'write'], ['write'], 'acts')],
  ['open', traits(['system'], ['system'], 'acts')],
  ['screenshot', traits(['system', 'export'], ['system'], 'acts', true)],
]);

/** Undefined for a tool that nobody has placed in a group: such a tool is denied. */
export function toolTraits(tool: string): ToolTraits | undefined {
  return TOOLS.get(tool);
}

/** Names of all known tools, for completion and for the policy's documentation. */
export const TOOL_NAMES: readonly string[] = Object.freeze([...TOOLS.keys()]);
