import type { Pseudoterminal, TerminalDimensions } from 'vscode';
import { terminalText, withoutFences } from '../channels/local/terminal-text';
import { Emitter } from '../engine/model/emitter';
import { LineEditor, PASTE_MARKS_OFF, PASTE_MARKS_ON } from './line-editor';

/** The room that the terminal speaks in; the local channel's hub has this shape. */
export interface LocalChatPort {
  attach(options: {
    readonly name: string;
    readonly group?: string;
    onMessage(message: { readonly text: string; readonly from?: string; readonly edits?: string }): void;
  }): { say(text: string): Promise<void>; dispose(): void };
}

export interface LocalTerminalOptions {
  /** Who speaks: the same name is the same remote user, in every window and after a restart. */
  readonly name: string;
  readonly group?: string;
  /** True when this user is admitted already, so the greeting need not explain pairing. */
  readonly paired: boolean;
}

export const LOCAL_TERMINAL_TITLE = 'CoWork Chat (local)';

/**
 * A chat in a terminal of VS Code. Whoever types here is a remote user like any other: nothing is allowed because
 * the terminal is inside the editor. It knows the local channel and no part of the engine.
 */
export class LocalTerminal implements Pseudoterminal {
  private readonly write = new Emitter<string>();
  private readonly ended = new Emitter<number>();
  readonly onDidWrite: Pseudoterminal['onDidWrite'];
  readonly onDidClose: NonNullable<Pseudoterminal['onDidClose']>;
  private readonly editor = new LineEditor('> ');
  private peer: ReturnType<LocalChatPort['attach']> | undefined;
  /** What is entered is said in order, one at a time. */
  private saying: Promise<void> = Promise.resolve();

  constructor(
    private readonly chat: LocalChatPort,
    private readonly options: LocalTerminalOptions,
  ) {
    // Ours are plain listeners; the editor's own also takes what it is to be bound to.
    this.onDidWrite = (listener, self) => this.write.event((text) => listener.call(self, text));
    this.onDidClose = (listener, self) => this.ended.event((code) => listener.call(self, code));
  }

  open(dimensions: TerminalDimensions | undefined): void {
    if (dimensions) this.editor.resize(dimensions.columns);
    this.write.fire(PASTE_MARKS_ON + terminalText(greeting(this.options)) + this.editor.draw());
    this.peer = this.chat.attach({
      name: this.options.name,
      ...(this.options.group === undefined ? {} : { group: this.options.group }),
      onMessage: ({ text, from, edits }) => {
        this.print(`${from ?? 'CoWork'}${edits === undefined ? '' : ' (changed)'}: ${withoutFences(text)}`);
      },
    });
  }

  close(): void {
    this.peer?.dispose();
    this.peer = undefined;
    this.write.dispose();
    this.ended.dispose();
  }

  setDimensions(dimensions: TerminalDimensions): void {
    this.editor.resize(dimensions.columns);
  }

  handleInput(data: string): void {
    const { output, entered, closed } = this.editor.input(data);
    if (output !== '') this.write.fire(output);
    for (const line of entered) this.saying = this.saying.then(() => this.say(line));
    if (closed) {
      this.write.fire(PASTE_MARKS_OFF);
      this.ended.fire(0);
    }
  }

  private async say(line: string): Promise<void> {
    try {
      await this.peer?.say(line);
    } catch (error) {
      this.print(`Not sent: ${error instanceof Error ? error.message : 'unknown error'}`);
    }
  }

  /** Puts text above the line that is being typed. What comes from outside stays text. */
  private print(text: string): void {
    this.write.fire(`${this.editor.erase()}${terminalText(text)}\r\n${this.editor.draw()}`);
  }
}

function greeting({ name, group, paired }: LocalTerminalOptions): string {
  const where = group === undefined ? `as “${name}”` : `as “${name}” in the group “${group}”`;
  const first = group === undefined ? '' : '@cowork ';
  const next = paired
    ? `Type ${first}/help to see what you can ask for.`
    : `First run “Generate Pairing Code” in VS Code, then type ${first ? 'the bot’s name and the code here (@cowork CODE)' : 'the code here'} and press Enter.`;
  return `You are a remote user here, ${where}: nothing you type runs unless VS Code allows it.\n${next}\n\n`;
}
