import * as vscode from 'vscode';
import type { Choice } from '../commands/kit';
import { Disposables } from '../lifecycle';
import { t } from '../protocol/l10n';

/** How a step was left: on to the next, back to the one before, or out of the whole thing. */
export type Outcome = 'next' | 'back' | 'leave';

export interface Step {
  run(place: Place): Promise<Outcome>;
}

/** Where in a wizard a step stands, for its title: `Add Channel (2/6)`. */
export interface Place {
  readonly title: string;
  /** From 1. */
  readonly step: number;
  /** Undefined while it is not known yet. */
  readonly totalSteps: number | undefined;
}

export type Answer<T> = { readonly value: T } | 'back' | 'leave';

/**
 * Leads through steps, with a way back from each but the first. What the steps are may depend on what the earlier
 * ones were told, so the list is asked for anew before each.
 * @returns false when the person left before the end.
 */
export async function runWizard(
  title: () => string,
  steps: () => { readonly list: readonly Step[]; readonly complete: boolean },
): Promise<boolean> {
  let at = 0;
  for (;;) {
    const { list, complete } = steps();
    const step = list[at];
    if (step === undefined) return true;
    const totalSteps = complete ? list.length : undefined;
    const outcome = await step.run({ title: title(), step: at + 1, totalSteps });
    if (outcome === 'leave') return false;
    at = Math.max(0, at + (outcome === 'next' ? 1 : -1));
  }
}

/** What a list shows at a moment. */
export interface Shown<T> {
  readonly placeHolder: string;
  readonly items: readonly (Choice<T> | vscode.QuickPickItem)[];
  readonly busy?: boolean;
}

export interface ChooseOptions<T> {
  readonly first: Shown<T>;
  /** The value that is marked at first. */
  readonly active?: T;
  /** True when a choice was acted upon and the list stays. */
  stay?(value: T, show: (shown: Shown<T>) => void): boolean | Promise<boolean>;
  /** Called once the list is there; may show something else later. What it answers is disposed with the list. */
  live?(show: (shown: Shown<T>) => void): vscode.Disposable;
}

function dress(input: vscode.QuickInput, place: Place): void {
  input.title = place.title;
  input.step = place.step;
  input.totalSteps = place.totalSteps;
  // A person goes to the platform’s page meanwhile.
  input.ignoreFocusOut = true;
}

function isChoice<T>(item: vscode.QuickPickItem | undefined): item is Choice<T> {
  return item !== undefined && 'value' in item;
}

/** One of a list, in a box that stays while the person looks elsewhere. */
export function choose<T>(place: Place, options: ChooseOptions<T>): Promise<Answer<T>> {
  const all = new Disposables();
  const box = all.register(vscode.window.createQuickPick<Choice<T> | vscode.QuickPickItem>());
  dress(box, place);
  box.matchOnDescription = true;
  box.matchOnDetail = true;
  if (place.step > 1) box.buttons = [vscode.QuickInputButtons.Back];
  const show = ({ placeHolder, items, busy }: Shown<T>) => {
    if (all.isDisposed) return;
    box.placeholder = placeHolder;
    box.busy = busy ?? false;
    box.items = items;
    const marked = items.find((item) => isChoice<T>(item) && item.value === options.active);
    if (marked !== undefined) box.activeItems = [marked];
  };
  return new Promise<Answer<T>>((resolve, reject) => {
    const end = (answer: Answer<T>) => {
      resolve(answer);
      all.dispose();
    };
    all.register(
      box.onDidTriggerButton((button) => {
        if (button === vscode.QuickInputButtons.Back) end('back');
      }),
    );
    all.register(box.onDidHide(() => end('leave')));
    all.register(
      box.onDidAccept(async () => {
        const [item] = box.selectedItems;
        if (!isChoice<T>(item)) return;
        try {
          if ((await options.stay?.(item.value, show)) !== true) end({ value: item.value });
        } catch (error) {
          reject(error);
          all.dispose();
        }
      }),
    );
    show(options.first);
    box.show();
    if (options.live) all.register(options.live(show));
  });
}

export interface AskOptions {
  readonly prompt: string;
  readonly placeHolder?: string;
  readonly value?: string;
  readonly password?: boolean;
  /** Undefined when the text may be right; asked as it is typed. */
  validate?(text: string): string | undefined;
  /** What is said while `accept` is under way. */
  readonly checking?: string;
  /** Undefined when the text was taken; else a sentence that stays on show until something else is typed. */
  accept?(text: string, signal: AbortSignal): Promise<string | undefined>;
}

/** A text. While it is being checked the box says so, and a press of *Cancel* ends the check. */
export function ask(place: Place, options: AskOptions): Promise<Answer<string>> {
  const all = new Disposables();
  const box = all.register(vscode.window.createInputBox());
  const cancel = { iconPath: new vscode.ThemeIcon('stop-circle'), tooltip: t('Cancel') };
  dress(box, place);
  box.prompt = options.prompt;
  box.placeholder = options.placeHolder ?? '';
  box.value = options.value ?? '';
  box.password = options.password ?? false;
  let check: AbortController | undefined;
  const rest = () => {
    check = undefined;
    if (all.isDisposed) return;
    box.busy = false;
    box.enabled = true;
    box.prompt = options.prompt;
    box.buttons = place.step > 1 ? [vscode.QuickInputButtons.Back] : [];
  };
  rest();
  return new Promise<Answer<string>>((resolve) => {
    const end = (answer: Answer<string>) => {
      resolve(answer);
      check?.abort();
      all.dispose();
    };
    const accept = async (text: string) => {
      if (check !== undefined) return;
      const wrong = options.validate?.(text);
      if (wrong !== undefined) {
        box.validationMessage = wrong;
        return;
      }
      if (options.accept === undefined) return end({ value: text });
      check = new AbortController();
      const { signal } = check;
      box.busy = true;
      box.enabled = false;
      box.prompt = options.checking ?? options.prompt;
      box.buttons = [cancel];
      const complaint = await options
        .accept(text, signal)
        .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
      if (all.isDisposed) return;
      rest();
      if (signal.aborted) return;
      if (complaint === undefined) end({ value: text });
      else box.validationMessage = complaint;
    };
    all.register(
      box.onDidTriggerButton((button) => {
        if (button === cancel) check?.abort();
        else if (button === vscode.QuickInputButtons.Back) end('back');
      }),
    );
    all.register(box.onDidHide(() => end('leave')));
    all.register(
      box.onDidChangeValue((text) => {
        box.validationMessage = text === '' ? undefined : options.validate?.(text);
      }),
    );
    all.register(box.onDidAccept(() => void accept(box.value.trim())));
    box.show();
  });
}
