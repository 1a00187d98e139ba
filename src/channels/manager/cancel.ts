import { ChannelError } from '../contract';

export function checkCancelled(): ChannelError {
  return new ChannelError('temporary', 'The check was cancelled. Nothing was changed.');
}

/** The answer to a check, unless the person stops waiting for it first. */
export async function unlessAborted<T>(
  answer: Promise<T> | undefined,
  signal: AbortSignal | undefined,
): Promise<T | undefined> {
  if (!answer || !signal) return answer;
  if (signal.aborted) throw checkCancelled();
  let stop = () => {};
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = () => reject(checkCancelled());
  });
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([answer, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
