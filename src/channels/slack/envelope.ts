/** What Slack delivers, over whichever way: `type` is that of the envelope. */
export interface Envelope {
  readonly type: string;
  readonly body: unknown;
}
