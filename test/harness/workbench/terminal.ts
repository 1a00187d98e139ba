import type { Page } from 'playwright-core';
import { stepMs } from '../patience';
import { until } from '../processes';

const active = '.terminal-wrapper.active';

/** The terminal that has the panel's attention. */
export class Terminal {
  constructor(private readonly page: Page) {}

  /** Types as a person does, key by key; `\n` is Enter. */
  async type(text: string): Promise<void> {
    await this.focus();
    for (const part of text.split(/(\n)/)) {
      if (part === '\n') await this.page.keyboard.press('Enter');
      else if (part !== '') await this.page.keyboard.type(part);
    }
  }

  /** Puts text in as one piece, the way a paste from the clipboard arrives. */
  async paste(text: string): Promise<void> {
    await this.focus();
    await this.page.keyboard.insertText(text);
  }

  /** Everything in the terminal's buffer; lines that were wrapped at the right edge are whole again. */
  async text(): Promise<string> {
    return this.page.locator(active).evaluate((element) => {
      interface Line {
        readonly isWrapped: boolean;
        translateToString(trimRight: boolean): string;
      }
      interface WithXterm {
        xterm?: { buffer: { active: { length: number; getLine(index: number): Line | undefined } } };
      }
      // The workbench leaves the terminal's object on its element when its smoke-test driver is on.
      const buffer = (element as WithXterm).xterm?.buffer.active;
      if (buffer === undefined) return '';
      const lines: string[] = [];
      for (let at = 0; at < buffer.length; at += 1) {
        const line = buffer.getLine(at);
        if (line === undefined) continue;
        // A line that goes on in the next one keeps the blanks at its end.
        const goesOn = buffer.getLine(at + 1)?.isWrapped === true;
        const text = line.translateToString(!goesOn);
        if (line.isWrapped && lines.length > 0) lines[lines.length - 1] += text;
        else lines.push(text);
      }
      return lines.join('\n').trimEnd();
    });
  }

  /** Waits until the terminal's text matches and answers the match. */
  waitFor(pattern: RegExp, timeoutMs = stepMs): Promise<RegExpExecArray> {
    return until(
      `${pattern} in the terminal`,
      async () => pattern.exec(await this.text()) ?? undefined,
      timeoutMs,
    ).catch(async (error: Error) => {
      throw new Error(`${error.message}. It shows:\n${await this.text().catch(() => '(no terminal)')}`);
    });
  }

  /** Follows a link of the terminal as a person does: the pointer on its words, Ctrl and a click. */
  async followLink(words: RegExp): Promise<void> {
    const place = await until(`${words} in the terminal`, () => this.placeOf(words));
    await this.page.keyboard.down('Control');
    try {
      // The terminal asks its extensions for links when the pointer comes; a click before that only takes the focus.
      await until(`a link on ${words}`, async () => {
        await this.page.mouse.move(place.x, place.y - 1);
        await this.page.mouse.move(place.x, place.y);
        return (await this.page.locator(`${active} .xterm-cursor-pointer`).count()) > 0 ? true : undefined;
      });
      await this.page.mouse.click(place.x, place.y);
    } finally {
      await this.page.keyboard.up('Control');
    }
  }

  /** Scrolls to the last words that match; their middle in pixels of the window. */
  private async placeOf(words: RegExp): Promise<{ x: number; y: number } | undefined> {
    return this.page.locator(active).evaluate((element, source) => {
      const screen = element.querySelector('.xterm-screen');
      interface WithXterm {
        xterm?: {
          cols: number;
          rows: number;
          scrollToLine(line: number): void;
          buffer: {
            active: {
              length: number;
              viewportY: number;
              getLine(index: number): { translateToString(): string } | undefined;
            };
          };
        };
      }
      const { xterm } = element as WithXterm;
      if (xterm === undefined || screen === null) return undefined;
      const box = screen.getBoundingClientRect();
      const { active } = xterm.buffer;
      for (let line = active.length - 1; line >= 0; line -= 1) {
        const match = new RegExp(source).exec(active.getLine(line)?.translateToString() ?? '');
        if (match === null) continue;
        xterm.scrollToLine(line);
        const row = line - active.viewportY;
        const column = match.index + match[0].length / 2;
        return {
          x: box.x + (column * box.width) / xterm.cols,
          y: box.y + ((row + 0.5) * box.height) / xterm.rows,
        };
      }
      return undefined;
    }, words.source);
  }

  private async focus(): Promise<void> {
    const terminal = this.page.locator(active);
    await terminal.waitFor();
    const field = terminal.locator('textarea.xterm-helper-textarea');
    await field.focus();
  }
}
