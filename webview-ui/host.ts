import * as z from 'zod/mini';
import type { PageLocale } from '../src/views/protocol/common';
import { setBundle } from '../src/views/protocol/l10n';

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

// Schemas are compiled by `new Function` otherwise, which the page's policy forbids.
z.config({ jitless: true });

/** The page's end of the line to the extension. What arrives is checked before anything sees it. */
export class Host<Incoming, Outgoing> {
  private readonly api = acquireVsCodeApi();

  constructor(schema: z.ZodMiniType<Incoming>, receive: (message: Incoming) => void) {
    window.addEventListener('message', (event: MessageEvent<unknown>) => {
      const parsed = schema.safeParse(event.data);
      if (parsed.success) receive(parsed.data);
    });
  }

  post(message: Outgoing): void {
    this.api.postMessage(message);
  }

  /** What the page had kept before it was hidden or the window was reloaded, if it still has the right shape. */
  restore<T>(schema: z.ZodMiniType<T>): T | undefined {
    const parsed = schema.safeParse(this.api.getState());
    return parsed.success ? parsed.data : undefined;
  }

  /** Never holds a secret: the editor writes it to disk. */
  keep(state: Readonly<Record<string, unknown>>): void {
    this.api.setState(state);
  }
}

/** Sets the language of the page before anything is drawn. */
export function useLocale(locale: PageLocale | undefined): void {
  if (locale === undefined) return;
  setBundle(locale.bundle);
  document.documentElement.lang = locale.language;
}
