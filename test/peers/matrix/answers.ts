import type { Json } from './world';

/** One login of somebody. */
export interface Session {
  readonly user: string;
  readonly device: string;
}

/** https://spec.matrix.org/v1.11/client-server-api/#standard-error-response */
export class Refusal extends Error {
  readonly body: Json;

  constructor(
    readonly status: number,
    errcode: string,
    error: string,
    more: Json = {},
  ) {
    super(error);
    this.body = { errcode, error, ...more };
  }
}
