import type { ApprovalView } from '../../engine/api';

/** Tools whose request holds the text that a file is to have. */
const EDITING: readonly string[] = ['write', 'edit'];

/** The one file that a request would change, when it can be laid beside what is there now. */
export function proposedFile({ tool, files }: Pick<ApprovalView, 'tool' | 'files'>): string | undefined {
  const written = files.filter(({ access }) => access === 'write');
  return EDITING.includes(tool) && written.length === 1 ? written[0]?.path : undefined;
}

/**
 * The two sides of a request to change a file: what is there now, and what it would be. What was shown on the card
 * is all that is read, so both show the same. An edit that does not fit the file shows its own parts alone.
 */
export function proposedSides(
  { tool, action }: Pick<ApprovalView, 'tool' | 'action'>,
  current: string,
): { readonly before: string; readonly after: string } {
  const start = action.indexOf('\n') + 1;
  if (tool === 'write') return { before: current, after: start === 0 ? '' : action.slice(start) };
  const edits = editsOf(start === 0 ? '' : action.slice(start));
  let after = current;
  for (const edit of edits) {
    const at = after.indexOf(edit.before);
    const once = at >= 0 && !after.includes(edit.before, at + 1);
    if (!once) {
      const side = (name: 'before' | 'after') => edits.map((one) => one[name]).join('\n');
      return { before: side('before'), after: side('after') };
    }
    after = after.slice(0, at) + edit.after + after.slice(at + edit.before.length);
  }
  return { before: current, after };
}

interface Edit {
  readonly before: string;
  readonly after: string;
}

/** Of the lines of a card: those that go begin with “- ”, those that come with “+ ”. */
function editsOf(text: string): readonly Edit[] {
  const edits: { before: string[]; after: string[] }[] = [];
  for (const line of text.split('\n')) {
    const last = edits.at(-1);
    if (line.startsWith('- ')) {
      if (last === undefined || last.after.length > 0) edits.push({ before: [line.slice(2)], after: [] });
      else last.before.push(line.slice(2));
    } else if (line.startsWith('+ ')) last?.after.push(line.slice(2));
  }
  return edits.map(({ before, after }) => ({ before: before.join('\n'), after: after.join('\n') }));
}
