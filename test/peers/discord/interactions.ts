import { z } from 'zod';
import { type Json, snowflake } from './ids';

export interface Callback {
  readonly type: number;
  readonly data?: Json;
}

const callback = z.strictObject({
  type: z.union([z.literal(4), z.literal(5), z.literal(6)]),
  data: z.looseObject({ content: z.string(), flags: z.number() }).optional(),
});

/**
 * Presses and calls, each to be answered once and within three seconds.
 * https://docs.discord.com/developers/interactions/receiving-and-responding
 */
export class Interactions {
  readonly callbacks: Callback[] = [];
  private readonly all = new Map<string, { token: string; until: number; answered: boolean }>();

  open(speed: number): { readonly id: string; readonly token: string } {
    const id = snowflake();
    const token = `itoken${id}`;
    this.all.set(id, { token, until: Date.now() + 3_000 / speed, answered: false });
    return { id, token };
  }

  unanswered(): number {
    return [...this.all.values()].filter(({ answered }) => !answered).length;
  }

  answer(
    id: string,
    token: string,
    body: Buffer,
    answer: (status: number) => undefined,
    refuse: (status: number, code: number) => undefined,
  ): undefined {
    const found = this.all.get(id);
    if (!found || found.token !== token || Date.now() > found.until) return refuse(404, 10062);
    if (found.answered) return refuse(400, 40060);
    const parsed = callback.safeParse(JSON.parse(body.toString()));
    if (!parsed.success) return refuse(400, 50035);
    const { type, data } = parsed.data;
    found.answered = true;
    this.callbacks.push({ type, ...(data ? { data } : {}) });
    return answer(204);
  }
}
