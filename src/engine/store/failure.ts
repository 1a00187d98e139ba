import { errorCode, JournalFailedError, JournalHeldError } from '../journal/errors';
import type { Failure } from './protocol';

/** An error as it crosses to the other thread. */
export function toFailure(error: unknown): Failure {
  if (error instanceof JournalHeldError)
    return { name: error.name, message: error.message, holder: { ...error.holder } };
  if (error instanceof Error) return { name: error.name, message: error.message, code: errorCode(error) };
  return { name: 'Error', message: String(error) };
}

/** The error again, of its own class where callers tell it apart. */
export function fromFailure(failure: Failure): Error {
  if (failure.holder) return new JournalHeldError(failure.holder);
  if (failure.name === 'JournalFailedError')
    return new JournalFailedError(failure.message, failure.code ?? 'unknown');
  const error = new Error(failure.message);
  error.name = failure.name;
  return error;
}
