import { createHash } from 'node:crypto';

/** What an approval binds (law 7). Two actions with the same binding are the same action. */
export interface Binding {
  readonly tool: string;
  /** The whole arguments of the tool, as its schema passed them. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly cwd: string;
  /** Names of the environment variables that the action gets. */
  readonly envNames: readonly string[];
  /** SHA-256 of each file whose content is what would run, by absolute path; `absent` for one that is not there. */
  readonly scripts: Readonly<Record<string, string>>;
  /** Hosts that the action may reach; absent when none. */
  readonly hosts?: readonly string[];
  readonly policyVersion: string;
  readonly sandbox: string;
}

/** SHA-256, in hex, over everything that was shown and everything that would run. */
export function bindingHash(binding: Binding): string {
  return createHash('sha256').update(stableJson(binding)).digest('hex');
}

/** JSON with sorted keys, so that the order in which an object was built does not count. */
function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
