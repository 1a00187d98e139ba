import type { EditorPort } from '../model/desk';
import type { ToolResult } from '../model/tool';
import { shown } from './access';
import type { ResolvedPath } from './path-guard';

/**
 * A file with changes that are not saved is changed in the editor and left unsaved: what the person was writing is not
 * lost, Undo takes the change back, and they save when they have looked. A file that is open without such changes is
 * written on the disk, from where the editor takes it over, as a step for Undo too.
 */
export async function replaceUnsaved(
  editor: EditorPort,
  path: ResolvedPath,
  text: string,
  done: string,
): Promise<ToolResult> {
  if (!(await editor.replaceUnsaved(path.path, text))) {
    return {
      ok: false,
      output: '',
      error: `${shown(path)} is open in the editor, which did not take the change.`,
    };
  }
  return { ok: true, output: `${done} in the editor. It had changes that were not saved; save it there.` };
}
