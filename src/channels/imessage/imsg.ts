import * as z from 'zod';
import { type AdapterContext, ChannelError, type RunningProgram } from '../contract';

/** For sentences. */
export const PLATFORM = 'imsg';
const ARGUMENTS = ['rpc'];
/** Sending goes through Messages itself, which may take its time. */
const ANSWER_WITHIN_MS = 60_000;

/** JSON-RPC 2.0, one object a line: https://github.com/steipete/imsg (docs/rpc.md) */
const line = z.looseObject({
  id: z.union([z.string(), z.number()]).nullish(),
  method: z.string().optional(),
  params: z.unknown().optional(),
  result: z.unknown().optional(),
  error: z
    .looseObject({ code: z.number(), message: z.string().nullish(), data: z.unknown().optional() })
    .nullish(),
});
const INVALID_PARAMS = -32_602;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: ChannelError): void;
  readonly timer: { dispose(): void };
}

/** One run of `imsg rpc`. */
export class Imsg {
  private readonly waiting = new Map<string, Waiting>();
  private program: RunningProgram | undefined;
  private lastId = 0;
  private gone = false;
  /** Resolves when it has ended, for whatever reason. Never rejects. */
  ended: Promise<void> = Promise.resolve();

  constructor(
    private readonly context: Pick<AdapterContext, 'program' | 'clock'>,
    private readonly path: string,
    /** What it says without being asked. */
    private readonly notified: (method: string, params: unknown) => void,
  ) {}

  /** @throws ChannelError */
  async start(): Promise<void> {
    const program = await this.context.program(this.path, ARGUMENTS, (text) => this.heard(text));
    this.program = program;
    this.ended = program.ended.then(() => this.end());
    if (this.gone) program.stop();
  }

  /** @throws ChannelError `temporary` also when it does not answer in time, after which it is ended */
  call(method: string, params: Readonly<Record<string, unknown>>): Promise<unknown> {
    const { program } = this;
    if (!program || this.gone) return Promise.reject(notRunning());
    this.lastId += 1;
    const id = String(this.lastId);
    return new Promise((resolve, reject) => {
      const timer = this.context.clock.after(ANSWER_WITHIN_MS, () => {
        this.waiting.delete(id);
        reject(new ChannelError('temporary', 'imsg does not answer. It is started again.'));
        this.close();
      });
      this.waiting.set(id, { resolve, reject, timer });
      program.write(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  close(): void {
    this.gone = true;
    this.program?.stop();
  }

  private heard(text: string): void {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      return;
    }
    const parsed = line.safeParse(json);
    if (!parsed.success) return;
    const { id, method, params, result, error } = parsed.data;
    if (method !== undefined) {
      this.notified(method, params);
      return;
    }
    const waiting = this.waiting.get(String(id ?? ''));
    if (!waiting) return;
    this.waiting.delete(String(id));
    waiting.timer.dispose();
    if (error) waiting.reject(refusal(error.code, error.data ?? error.message));
    else waiting.resolve(result);
  }

  private end(): void {
    this.gone = true;
    for (const { reject, timer } of this.waiting.values()) {
      timer.dispose();
      reject(notRunning());
    }
    this.waiting.clear();
  }
}

function refusal(code: number, said: unknown): ChannelError {
  const why = typeof said === 'string' ? `: ${said.slice(0, 200).replace(/\s+/g, ' ')}` : '';
  return code === INVALID_PARAMS
    ? new ChannelError('refused', `imsg did not take it${why}.`)
    : new ChannelError('temporary', `Messages did not do it (${code})${why}. It is tried again.`);
}

export function notRunning(): ChannelError {
  return new ChannelError(
    'temporary',
    'The program imsg ended. Look whether the program that starts VS Code has Full Disk Access, and whether Messages is signed in; it is started again by itself.',
  );
}
