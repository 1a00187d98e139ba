// What the person's desk offers to tools: the editor, its clipboard, its screen. Absent where there is none.

export interface ClipboardPort {
  read(): Promise<string>;
  write(text: string): Promise<void>;
}

/** A finding of a language service or a linter, as the Problems view has it. */
export interface EditorDiagnostic {
  /** Absolute. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly severity: 'error' | 'warning' | 'information' | 'hint';
  readonly message: string;
  /** Who found it: `ts`, `eslint`. */
  readonly source: string;
}

/** Files as the editor has them. Paths are absolute and have their links resolved. */
export interface EditorPort {
  /** The text of a file that is open with changes that are not saved. */
  unsaved(path: string): string | undefined;
  /** Replaces that text in the editor, as one step that Undo takes back. It stays unsaved. False: not done. */
  replaceUnsaved(path: string, text: string): Promise<boolean>;
  /** Shows a file to the person at the desk; `line` from 1. */
  show(path: string, line: number | undefined): Promise<void>;
  diagnostics(): readonly EditorDiagnostic[];
}

export interface ScreenPort {
  /** What is on the screen now, as a PNG. @throws EngineError where no picture can be taken. */
  capture(): Promise<Uint8Array>;
}

export interface Desk {
  readonly clipboard: ClipboardPort;
  readonly editor: EditorPort;
  readonly screen: ScreenPort;
}
