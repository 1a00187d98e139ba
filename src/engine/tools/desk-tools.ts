import { relative } from 'node:path';
import * as z from 'zod';
import type { Desk, EditorDiagnostic } from '../model/desk';
import type { ToolResult } from '../model/tool';
import { isWithin } from '../sandbox/environment';
import { decidedPath, guardFor, shown } from './access';
import { defineTool, type Tool } from './tool';

/** Characters; more than a person copies by hand. */
const MAX_CLIP = 64 * 1024;
/** Lines of findings that are given at most. */
const MAX_FINDINGS = 200;

const nothing = z.strictObject({});
const clip = z.strictObject({ text: z.string().min(1).max(MAX_CLIP).describe('What to put there.') });
const place = z.strictObject({
  path: z.string().min(1).describe('The file, relative to the current folder.'),
  line: z.int().min(1).max(10_000_000).optional().describe('The line to show, from 1.'),
});
const where = z.strictObject({
  path: z.string().min(1).optional().describe('Only this file, or what is in this folder.'),
});

const noFacts = async () => ({ paths: [], hosts: [] });

/** The tools that reach the person's desk: clipboard, editor, screen. */
export function createDeskTools({ clipboard, editor, screen }: Desk): readonly Tool[] {
  return [
    defineTool<z.infer<typeof nothing>>({
      name: 'clipboard.read',
      description: 'Gives the text on the clipboard of the person at the desk.',
      schema: nothing,
      hints: { readOnly: true, destructive: false, openWorld: false },
      run: async () => clipText(await clipboard.read()),
      facts: noFacts,
      summary: () => 'read the clipboard',
    }),
    defineTool<z.infer<typeof clip>>({
      name: 'clipboard.write',
      description: 'Puts a text on the clipboard of the person at the desk. What was there is lost.',
      schema: clip,
      hints: { readOnly: false, destructive: true, openWorld: false },
      async run({ text }) {
        await clipboard.write(text);
        return { ok: true, output: `${text.length} characters are on the clipboard.` };
      },
      facts: noFacts,
      // What a person pastes later without looking belongs to what is approved.
      summary: ({ text }) => `put on the clipboard:\n${text}`,
    }),
    defineTool<z.infer<typeof place>>({
      name: 'open',
      description: 'Shows a file in the editor of the person at the desk.',
      schema: place,
      hints: { readOnly: true, destructive: false, openWorld: false },
      async run({ path, line }, context) {
        const guard = await guardFor(context);
        const found = await decidedPath(guard, context, path, 'read');
        await (await guard.openFile(found.path)).close();
        await editor.show(found.path, line);
        return { ok: true, output: `${shown(found)} is open in the editor.` };
      },
      async facts({ path }, context) {
        const guard = await guardFor(context);
        return { paths: [await guard.fact(path, context.cwd, 'read')], hosts: [] };
      },
      summary: ({ path, line }) => `open ${path}${line === undefined ? '' : ` at line ${line}`}`,
    }),
    defineTool<z.infer<typeof where>>({
      name: 'diagnostics',
      description: 'Lists errors and warnings that the editor shows for files of the workspace.',
      schema: where,
      hints: { readOnly: true, destructive: false, openWorld: false },
      async run({ path = '.' }, context) {
        const guard = await guardFor(context);
        const found = await decidedPath(guard, context, path, 'read');
        return findings(
          editor.diagnostics().filter((one) => isWithin(found.path, one.path)),
          context.workspace,
        );
      },
      async facts({ path = '.' }, context) {
        const guard = await guardFor(context);
        return { paths: [await guard.fact(path, context.cwd, 'read')], hosts: [] };
      },
      summary: ({ path }) => (path === undefined ? 'diagnostics' : `diagnostics of ${path}`),
    }),
    defineTool<z.infer<typeof nothing>>({
      name: 'screenshot',
      description: 'Takes a picture of the screen of the person at the desk and sends it along.',
      schema: nothing,
      hints: { readOnly: true, destructive: false, openWorld: true },
      async run() {
        const bytes = await screen.capture();
        const file = {
          name: 'screen.png',
          mediaType: 'image/png',
          size: bytes.length,
          read: async () => bytes,
        };
        return {
          ok: true,
          output: `[screen.png: image/png, ${bytes.length} bytes, sent along where this channel takes files]`,
          attachments: [file],
          taint: ['the screen'],
        };
      },
      facts: noFacts,
      summary: () => 'take a picture of the screen and send it to this chat',
    }),
  ];
}

function clipText(text: string): ToolResult {
  if (text === '') return { ok: true, output: '[The clipboard has no text.]' };
  const cut = text.length > MAX_CLIP ? `[only the first ${MAX_CLIP} of ${text.length} characters]\n` : '';
  return { ok: true, output: cut + text.slice(0, MAX_CLIP), taint: ['the clipboard'] };
}

const WEIGHTS: Readonly<Record<EditorDiagnostic['severity'], number>> = {
  error: 0,
  warning: 1,
  information: 2,
  hint: 3,
};

function findings(all: readonly EditorDiagnostic[], workspace: string): ToolResult {
  if (all.length === 0) return { ok: true, output: 'The editor shows no errors and no warnings.' };
  const sorted = [...all].sort(
    (a, b) => WEIGHTS[a.severity] - WEIGHTS[b.severity] || a.path.localeCompare(b.path) || a.line - b.line,
  );
  const lines = sorted.slice(0, MAX_FINDINGS).map(({ path, line, column, severity, message, source }) => {
    const name = relative(workspace, path).replaceAll('\\', '/');
    return `${name}:${line}:${column} ${severity}: ${message}${source === '' ? '' : ` (${source})`}`;
  });
  if (sorted.length > lines.length) lines.push(`[${sorted.length - lines.length} more]`);
  return { ok: true, output: lines.join('\n'), taint: ['the editor’s findings'] };
}
