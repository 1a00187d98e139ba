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

/**
 * Settings as the engine may believe them: from user and machine scope only (law 2). A value of the wrong type
 * is reported and the default is used in its place, so that a mistake never opens anything.
 */
export class Settings implements Disposable {
  private readonly changed = new Emitter<(key: string) => boolean>();
  private readonly wrong = new Emitter<SettingProblem>();
  private readonly found = new Map<string, string>();
  private readonly subscription: Disposable;

  /** Fires with a test: was this setting (or section) among those that changed? */
  readonly onChange = this.changed.event;
  /** Fires once for each setting that is found to be wrong, and again when it is wrong in another way. */
  readonly onProblem = this.wrong.event;

  constructor() {
    this.subscription = vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(SECTION)) {
        this.changed.fire((key) => event.affectsConfiguration(`${SECTION}.${key}`));
      }
    });
  }

  /** The value at user scope, else the default that the manifest declares. */
  get<T>(key: string, schema: z.ZodType<T>): T {
    const inspected = vscode.workspace.getConfiguration(SECTION).inspect(key);
    const parsed = schema.safeParse(inspected?.globalValue ?? inspected?.defaultValue);
    if (parsed.success) {
      this.found.delete(key);
      return parsed.data;
    }
    const text = `The setting ${SECTION}.${key} ${firstIssue(parsed.error)} Its default is used until it is mended.`;
    if (this.found.get(key) !== text) {
      this.found.set(key, text);
      this.wrong.fire({ key: `${SECTION}.${key}`, text });
    }
    return schema.parse(inspected?.defaultValue);
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
