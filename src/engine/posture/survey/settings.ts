import { parse } from 'jsonc-parser';
import { parseUserPolicy } from '../../policy/parse';
import type { PolicyProblem } from '../../policy/problems';
import type { UserPolicy } from '../../policy/schema';
import type { PolicySnapshot } from '../../policy/snapshot';
import type { MachineFacts } from '../facts';
import { looseAgents } from './agents';
import { secretSettings } from './secret-kinds';

/** What a file of a person's VS Code settings says about this product, and about other agents. */
export interface SettingsFile {
  readonly policy: UserPolicy;
  readonly problems: readonly PolicyProblem[];
  readonly environment: readonly string[];
  readonly containerOptions: readonly string[];
  readonly agents: ReturnType<typeof looseAgents>;
  readonly secretSettings: MachineFacts['secretSettings'];
}

/** Reads the text of a `settings.json`, as far as rules ask for it. What is not understood is among the problems. */
export function readSettingsFile(text: string, profile?: PolicySnapshot['profile']): SettingsFile {
  const read: unknown = parse(text, [], { allowTrailingComma: true });
  const all =
    typeof read === 'object' && read !== null && !Array.isArray(read)
      ? (read as Readonly<Record<string, unknown>>)
      : {};
  const get = (key: string): unknown => all[`cowork.${key}`];
  const capabilities = Object.fromEntries(
    Object.entries(all).flatMap(([key, value]) =>
      key.startsWith('cowork.capabilities.') ? [[key.slice('cowork.capabilities.'.length), value]] : [],
    ),
  );
  const wanted = {
    profile: profile ?? get('profile'),
    mode: get('mode'),
    trusted: get('trustedPatterns'),
    defaultTrusted: get('defaultTrustedPatterns'),
    budgets: get('budgets'),
    limits: get('limits'),
    allowedPaths: get('allowedPaths'),
    protectedPaths: { exceptions: get('protectedPaths.exceptions') },
    capabilities,
  };
  const { policy, problems } = parseUserPolicy(JSON.parse(JSON.stringify(wanted)));
  return {
    policy,
    problems,
    environment: texts(get('environment.allow')),
    containerOptions: texts(get('sandbox.container.runOptions')),
    agents: looseAgents((key) => all[key]),
    secretSettings: secretSettings(
      Object.entries(all).flatMap(([key, value]) =>
        key.startsWith('cowork.') ? [[key.slice('cowork.'.length), value] as const] : [],
      ),
    ),
  };
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
