import { stepMs } from '../patience';
import { until } from '../processes';
import type { Workbench } from './workbench';

/** So many looks in a row must find the same before it counts. */
const SETTLED = 3;

/** What the wizard shows at a moment, as a person reads it. */
export interface Asked {
  /** `(3/7)` of the title; 0 when the title has none. */
  readonly step: number;
  readonly title: string;
  /** What stands in the empty box. */
  readonly placeholder: string;
  /** The prompt, or the complaint about what was entered, under the box. */
  readonly message: string;
  /** What is typed is hidden. */
  readonly hidden: boolean;
  readonly items: readonly string[];
  /** A dialog stands in front of everything. */
  readonly dialog: boolean;
}

/** A wizard of several steps in the box at the top of the window, driven by what it says. */
export class Wizard {
  constructor(private readonly bench: Workbench) {}

  /** Read in one go, so that nothing of two steps is mixed. Undefined when nothing is asked. */
  async asked(): Promise<Asked | undefined> {
    return this.bench.page.locator('body').evaluate((body) => {
      const dialog = body.querySelector('.monaco-dialog-box') !== null;
      const widget = body.querySelector('.quick-input-widget');
      const shown = (widget?.getBoundingClientRect().height ?? 0) > 0;
      if (!shown && !dialog) return undefined;
      const input = widget?.querySelector('.quick-input-box input');
      const title = widget?.querySelector('.quick-input-title')?.textContent ?? '';
      const labels = widget?.querySelectorAll('.quick-input-list .monaco-list-row .label-name') ?? [];
      return {
        step: Number(/\((\d+)\/?\d*\)/.exec(title)?.[1] ?? 0),
        title: title.trim(),
        placeholder: input?.getAttribute('placeholder') ?? '',
        message: widget?.querySelector('.quick-input-message')?.textContent?.trim() ?? '',
        hidden: input?.getAttribute('type') === 'password',
        items: [...labels].map((label) => label.textContent?.trim() ?? ''),
        dialog,
      };
    });
  }

  /** Waits until it shows what is wanted, and stays so: the editor draws the parts of a step one after the other. */
  async until(what: string, wanted: (asked: Asked) => boolean): Promise<Asked> {
    let last: Asked | undefined;
    let same = 0;
    return until(
      what,
      async () => {
        const now = await this.asked();
        same = JSON.stringify(now) === JSON.stringify(last) ? same + 1 : 0;
        last = now;
        return last !== undefined && same >= SETTLED && wanted(last) ? last : undefined;
      },
      stepMs,
    ).catch((error: Error) => {
      throw new Error(`${error.message}. It shows: ${JSON.stringify(last)}`);
    });
  }

  /** Waits for another step than this one, or for a dialog. */
  after(step: number): Promise<Asked> {
    return this.until(`what comes after step ${step}`, (asked) => asked.dialog || asked.step !== step);
  }

  /** Empties the box, so that it says again what it asks for. */
  async clear(from: Asked): Promise<Asked> {
    await this.bench.page.locator('.quick-input-widget .quick-input-box input').fill('');
    return this.until('the question again', ({ message }) => message !== from.message);
  }

  async back(from: Asked): Promise<Asked> {
    await this.bench.page.locator('.quick-input-titlebar .action-label[aria-label^="Back"]').click();
    return this.after(from.step);
  }
}
