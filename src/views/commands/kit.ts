import * as vscode from 'vscode';
import type { EngineApi } from '../../engine/api';
import type { FixPreview } from '../../engine/model/posture';
import type { ApprovalsView } from '../approvals-view';
import type { ContextKeys } from '../context-keys';
import type { EngineWatch } from '../engine-watch';
import type { AuditPanels } from '../panels/audit-panel';
import type { AuthenticatorPanels } from '../panels/authenticator-panel';
import type { ChannelGuides } from '../panels/channel-guide';
import type { PairingPanels } from '../panels/pairing-panel';
import type { PosturePanels } from '../panels/posture-panel';
import type { TaskPanels } from '../panels/task-panel';
import type { ViewsHost } from '../ports';
import { t } from '../protocol/l10n';
import type { ChecklistTree } from '../trees/checklist-tree';
import type { TaskGroup, TreeChoices, UserGroup } from '../trees/choices';

/** Shows a change before it is made. */
export interface ChangePreviewPort {
  confirm(change: FixPreview): Promise<boolean>;
  compare(title: string, before: string, after: string): Promise<void>;
}

/** A command's arguments come from trees, other extensions or key bindings: each handler checks them itself. */
export type Handler = (...args: readonly unknown[]) => Promise<void>;

/** What commands act on. */
export interface Desk {
  readonly host: ViewsHost;
  readonly watch: EngineWatch;
  readonly approvals: ApprovalsView;
  readonly keys: ContextKeys;
  readonly checklist: ChecklistTree;
  readonly preview: ChangePreviewPort;
  /** What is seen of trees. */
  readonly choices: {
    readonly users: TreeChoices<UserGroup>;
    readonly tasks: TreeChoices<TaskGroup>;
  };
  readonly panels: {
    readonly audit: AuditPanels;
    readonly tasks: TaskPanels;
    readonly pairing: PairingPanels;
    readonly authenticator: AuthenticatorPanels;
    readonly posture: PosturePanels;
    readonly guides: ChannelGuides;
  };
}

/** A sentence for the person, not a fault: shown as information, not written to the log as an error. */
export class Notice extends Error {
  override readonly name = 'Notice';
}

/** The engine, or a notice that says why there is none and what to do. */
export function needEngine(desk: Desk): EngineApi {
  const engine = desk.watch.engine;
  if (engine !== undefined) return engine;
  throw new Notice(desk.watch.state().detail || t('The engine is not running.'));
}

/** A warning box that has to be answered; true when the person chose to go on. */
export async function confirmed(message: string, detail: string, action: string): Promise<boolean> {
  const choice = await vscode.window.showWarningMessage(message, { modal: true, detail }, action);
  return choice === action;
}

export interface Choice<T> extends vscode.QuickPickItem {
  readonly value: T;
}

/** One of the choices, or undefined when the person left. A single choice is taken without asking. */
export async function pick<T>(
  title: string,
  placeHolder: string,
  choices: readonly Choice<T>[],
  askEvenForOne = false,
): Promise<T | undefined> {
  const [only] = choices;
  if (only !== undefined && choices.length === 1 && !askEvenForOne) return only.value;
  const options = { title, placeHolder, matchOnDescription: true, matchOnDetail: true };
  return (await vscode.window.showQuickPick(choices, options))?.value;
}

/** True for an object whose `kind` is `kind`: a node that a tree hands to its commands. */
export function isNode<K extends string>(value: unknown, kind: K): value is { readonly kind: K } {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;
}

export function inform(message: string): void {
  void vscode.window.showInformationMessage(message);
}
