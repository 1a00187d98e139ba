/** Who holds the lease of a journal. */
export interface LeaseHolder {
  readonly pid: number;
  readonly host: string;
  /** What the holder works on, for a person: the name of the workspace. */
  readonly label: string;
  /** Milliseconds since the epoch when the lease was taken. */
  readonly since: number;
}

/** Another process writes this journal. One journal has one writer. */
export class JournalHeldError extends Error {
  constructor(readonly holder: LeaseHolder) {
    super(
      `The record of "${holder.label}" is in use by another window (process ${holder.pid} on ${holder.host}, ` +
        `since ${new Date(holder.since).toISOString()}). Close that window, or work there.`,
    );
    this.name = 'JournalHeldError';
  }
}

/** The journal cannot be written. Nothing of what was being appended is acknowledged. */
export class JournalFailedError extends Error {
  /** `code` is the system's: ENOSPC, EIO, EROFS, …; ELEASE when another process took the journal over. */
  constructor(
    message: string,
    readonly code: string,
    cause?: unknown,
  ) {
    super(message, { cause });
    this.name = 'JournalFailedError';
  }

  /** From what the system said. */
  static of(cause: unknown): JournalFailedError {
    const code = errorCode(cause);
    const text = `The record could not be written (${code}). ${ADVICE[code] ?? GENERAL_ADVICE}`;
    return new JournalFailedError(text, code, cause);
  }
}

const GENERAL_ADVICE = 'Nothing runs until it can be written again.';
const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: free some space. Nothing runs until then.',
  EDQUOT: 'Your disk quota is used up: free some space. Nothing runs until then.',
  EROFS: 'The disk is read-only: make it writable again. Nothing runs until then.',
  EIO: 'The disk reports a fault: check it. Nothing runs until it can be written again.',
  EMFILE: 'Too many files are open in this process. Nothing runs until some are closed.',
  ENFILE: 'Too many files are open on this machine. Nothing runs until some are closed.',
  EACCES: 'The folder of the record is not writable: check its permissions. Nothing runs until then.',
  EPERM: 'The folder of the record is not writable: check its permissions. Nothing runs until then.',
  EFOREIGN:
    'Another program changed the file of the record. What it added is kept beside it; verify the record, and find that program.',
  ELEASE: 'Another window has taken the record over. Reload this window.',
};

/** The system's name of an error (`ENOSPC`), or the error's own name. */
export function errorCode(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return error instanceof Error ? error.name : 'unknown';
}

/** An error with a system code, for conditions of our own. */
export function coded(code: string, text: string): Error {
  return Object.assign(new Error(text), { code });
}
