import type { MachineFacts } from '../facts';

interface AgentSetting {
  readonly product: string;
  /** Whether the value lets the agent act without asking. */
  readonly loose: (value: unknown) => boolean;
}

const isTrue = (value: unknown) => value === true;
const lists = (value: unknown) => Array.isArray(value) && value.some((item) => item === '*' || item === '.*');

/** A rule for everything among the keys of an object whose values say yes. */
const everything = (value: unknown) =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(value).some(
    ([pattern, yes]) =>
      yes !== false && yes !== null && /^(\*\*?(\/\*+)?|\/\^?\.[*+]\$?\/[a-z]*)$/.test(pattern),
  );

/**
 * Settings of agents in the same editor that switch their questions off, from the documentation and manifests of
 * those products. Only what is kept in VS Code's settings can be seen: some keep it in a state of their own.
 */
const KNOWN: Readonly<Record<string, AgentSetting>> = {
  'chat.tools.global.autoApprove': { product: 'VS Code’s chat', loose: isTrue },
  'chat.tools.autoApprove': { product: 'VS Code’s chat', loose: isTrue },
  'chat.permissions.default': {
    product: 'VS Code’s chat',
    loose: (value) => value === 'autoApprove' || value === 'autopilot',
  },
  'chat.tools.terminal.autoApprove': { product: 'VS Code’s chat', loose: everything },
  'chat.tools.edits.autoApprove': { product: 'VS Code’s chat', loose: everything },
  'claudeCode.allowDangerouslySkipPermissions': { product: 'Claude Code', loose: isTrue },
  'claudeCode.initialPermissionMode': {
    product: 'Claude Code',
    loose: (value) => value === 'bypassPermissions',
  },
  'geminicodeassist.agentYoloMode': { product: 'Gemini Code Assist', loose: isTrue },
  'roo-cline.allowedCommands': { product: 'Roo Code', loose: lists },
  'kilo-code.allowedCommands': { product: 'Kilo Code', loose: lists },
};

/** @param value of a setting by its full name, as somebody has set it; undefined when nobody has. */
export function looseAgents(value: (key: string) => unknown): MachineFacts['agents'] {
  return Object.entries(KNOWN).flatMap(([setting, { product, loose }]) => {
    const found = value(setting);
    return found !== undefined && loose(found)
      ? [
          {
            product,
            setting,
            value: typeof found === 'object' ? 'set for everything' : JSON.stringify(found),
          },
        ]
      : [];
  });
}

/** Names of the settings that `looseAgents` asks for. */
export const AGENT_SETTINGS: readonly string[] = Object.keys(KNOWN);
