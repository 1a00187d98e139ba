import type { ToolResult } from '../model/tool';
import type { TaskView } from '../model/views';

/** What fits comfortably into one chat message of the strictest platform that we chunk for. Characters. */
const OUTPUT_IN_CHAT = 3000;

/** The middle of a long output is left out, and the reader is told how much and where the whole is. */
export function shortened(output: string, taskId: string, limit = OUTPUT_IN_CHAT): string {
  if (output.length <= limit) return output;
  const half = Math.floor(limit / 2);
  const left = output.length - 2 * half;
  return `${output.slice(0, half)}\n… ${left} characters left out; the page of task ${taskId} in VS Code has them …\n${output.slice(-half)}`;
}

/** Text between fences, with a fence longer than any run of backticks inside, so that it cannot be closed early. */
export function fenced(text: string): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return `${fence}\n${text.replace(/\n$/, '')}\n${fence}`;
}

/** The answer to a piece of work that was carried out. */
export function resultText(title: string, result: ToolResult, taskId: string): string {
  const how =
    result.error ??
    (result.exitCode === undefined
      ? 'Done.'
      : result.exitCode === 0
        ? 'Finished with exit code 0.'
        : result.signal
          ? `Ended by ${result.signal}.`
          : `Finished with exit code ${result.exitCode}.`);
  const output = result.output.trim() === '' ? '' : `\n${fenced(shortened(result.output, taskId))}`;
  return `${title}\n${how}${output}`;
}

/** The answer to `/tasks`: the newest ten. */
export function taskList(tasks: readonly TaskView[]): string {
  if (tasks.length === 0) return 'You have no tasks yet. /help shows what you can ask for.';
  return tasks
    .slice(0, 10)
    .map(
      ({ id, title, state, detail }) =>
        `${id} ${state} — ${oneLine(title)}${detail ? ` (${oneLine(detail)})` : ''}`,
    )
    .join('\n');
}

function oneLine(text: string): string {
  const flat = text.replace(/\s+/g, ' ');
  return flat.length > 80 ? `${flat.slice(0, 79)}…` : flat;
}
