export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Milliseconds after which the command and everything it started are ended. */
  readonly limitMs?: number;
  /** Put into the environment as COWORK_RUN_ID; what still carries it afterwards is ended too. */
  readonly mark?: string;
  /** Keeps the output for the answer instead of showing it. */
  readonly quiet?: boolean;
}

export function run(
  command: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<{ code: number; timedOut: boolean; output: string }>;
export function endTree(pid: number | undefined): void;
export function endMarked(mark: string): number;
