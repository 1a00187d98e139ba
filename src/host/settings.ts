import * as vscode from 'vscode';
import type { z } from 'zod';
import { Emitter } from '../engine/model/emitter';
import type { Disposable } from '../engine/model/ports';

const SECTION = 'cowork';

/** A setting that was not what it must be. `text` names the setting, what is wrong, and the fix. */
export interface SettingProblem {
  readonly key: string;
  readonly text: string;
}

/** A setting at user scope, undefined when it is not set there, and what the manifest declares. */
interface Inspected {
  readonly set: unknown;
  readonly fallback: unknown;
}

/**
 * Settings as the engine may believe them: from user and machine scope only (law 2). A value of the wrong type
 * is reported and the default is used in its place, so that a mistake never opens anything.
 */
export class Settings implements Disposable {
  private readonly changed = new Emitter<(key: string) => boolean>();
  private readonly wrong = new Emitter<SettingProblem>();
  private readonly found = new Map<string, string>();
  /**
   * What VS Code says of each setting, for the present turn of the event loop: it takes about a millisecond to say it,
   * and a tree asks for hundreds. No longer, so that no value can ever be an old one.
   */
  private readonly known = new Map<string, Inspected>();
  private readonly subscription: Disposable;

  /** Fires with a test: was this setting (or section) among those that changed? */
  readonly onChange = this.changed.event;
  /** Fires once for each setting that is found to be wrong, and again when it is wrong in another way. */
  readonly onProblem = this.wrong.event;

  constructor() {
    this.subscription = vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(SECTION)) {
        this.known.clear();
        this.changed.fire((key) => event.affectsConfiguration(`${SECTION}.${key}`));
      }
    });
  }

  /** The value at user scope, else the default that the manifest declares. */
  get<T>(key: string, schema: z.ZodType<T>): T {
    const { set, fallback } = this.inspect(key);
    const parsed = schema.safeParse(set ?? fallback);
    if (parsed.success) {
      this.found.delete(key);
      return parsed.data;
    }
    const text = `The setting ${SECTION}.${key} ${firstIssue(parsed.error)} Its default is used until it is mended.`;
    if (this.found.get(key) !== text) {
      this.found.set(key, text);
      this.wrong.fire({ key: `${SECTION}.${key}`, text });
    }
    return schema.parse(fallback);
  }

  private inspect(key: string): Inspected {
    let known = this.known.get(key);
    if (!known) {
      const inspected = vscode.workspace.getConfiguration(SECTION).inspect(key);
      known = { set: frozen(inspected?.globalValue), fallback: frozen(inspected?.defaultValue) };
      if (this.known.size === 0) setImmediate(() => this.known.clear());
      this.known.set(key, known);
    }
    return known;
  }

  dispose(): void {
    this.subscription.dispose();
    this.changed.dispose();
    this.wrong.dispose();
  }
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (!issue) return 'is not valid.';
  const where = issue.path.length === 0 ? '' : `at "${issue.path.join('.')}" `;
  return `${where}is not valid: ${issue.message}.`;
}

/** One value goes to everybody who asks: nobody may change it. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}
