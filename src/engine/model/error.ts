/** An error whose message is written for the person who caused it: what happened, and what to do. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
}
