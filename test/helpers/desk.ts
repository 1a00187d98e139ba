import type { Desk, EditorDiagnostic } from '../../src/engine/model/desk';

/** A desk that the test sits at. */
export class TestDesk implements Desk {
  clip = '';
  readonly reads: string[] = [];
  readonly shown: { path: string; line: number | undefined }[] = [];
  readonly open = new Map<string, string>();
  found: EditorDiagnostic[] = [];
  picture: Uint8Array = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

  readonly clipboard: Desk['clipboard'] = {
    read: async () => {
      this.reads.push(this.clip);
      return this.clip;
    },
    write: async (text) => {
      this.clip = text;
    },
  };
  readonly editor: Desk['editor'] = {
    unsaved: (path) => this.open.get(path),
    replaceUnsaved: async (path, text) => this.open.has(path) && this.open.set(path, text) !== undefined,
    show: async (path, line) => void this.shown.push({ path, line }),
    diagnostics: () => this.found,
  };
  readonly screen: Desk['screen'] = { capture: async () => this.picture };
}
