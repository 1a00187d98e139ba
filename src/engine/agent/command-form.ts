/** What a direct command asks for. `work` needs a tool; everything else is answered by the engine itself. */
export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'status' }
  | { readonly kind: 'whoami' }
  | { readonly kind: 'tasks' }
  | { readonly kind: 'cancel'; readonly taskId?: string }
  | { readonly kind: 'stop' }
  | {
      readonly kind: 'work';
      readonly tool: string;
      readonly title: string;
      readonly args: Record<string, unknown>;
    }
  | { readonly kind: 'misused'; readonly why: string }
  | { readonly kind: 'unknown'; readonly word: string }
  | { readonly kind: 'prose' };

export interface CommandForm {
  readonly usage: string;
  readonly about: string;
  parse(rest: string): Command;
}

export function needs(rest: string, usage: string, make: (rest: string) => Command): Command {
  return rest === '' ? { kind: 'misused', why: `Say what to do: ${usage}` } : make(rest);
}

export function work(tool: string, title: string, args: Record<string, unknown>): Command {
  return { kind: 'work', tool, title, args };
}
