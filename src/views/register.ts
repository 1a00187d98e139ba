import * as vscode from 'vscode';
import { ApprovalsView } from './approvals-view';
import { ChangePreview } from './change-preview';
import { registerCommands } from './commands';
import { ContextKeys } from './context-keys';
import { EffectivePolicy } from './effective-policy';
import { EngineWatch } from './engine-watch';
import { Disposables } from './lifecycle';
import { ApprovalNotifications } from './notifications';
import { AuditPanels } from './panels/audit-panel';
import { AuthenticatorPanels } from './panels/authenticator-panel';
import { ChannelGuides } from './panels/channel-guide';
import { PairingPanels } from './panels/pairing-panel';
import type { PanelHost } from './panels/panel';
import { PosturePanels } from './panels/posture-panel';
import { registerUndoContent } from './panels/task-files';
import { TaskPanels } from './panels/task-panel';
import type { ViewsHost } from './ports';
import { setBundle } from './protocol/l10n';
import { SavedFilters } from './saved-filters';
import { StatusBar } from './status-bar';
import { ChannelsTree } from './trees/channels-tree';
import { ChecklistTree } from './trees/checklist-tree';
import { type TaskGroup, TreeChoices, type UserGroup } from './trees/choices';
import { TasksTree } from './trees/tasks-tree';
import { UsersTree } from './trees/users-tree';

function text(state: unknown, key: string): string | undefined {
  if (typeof state !== 'object' || state === null) return undefined;
  const value: unknown = (state as Readonly<Record<string, unknown>>)[key];
  return typeof value === 'string' ? value : undefined;
}

/** Panels come back after a reload with the state that their page had kept. */
function restorePanels(audit: AuditPanels, tasks: TaskPanels): Disposables {
  const registered = new Disposables();
  registered.register(
    vscode.window.registerWebviewPanelSerializer('cowork.audit', {
      deserializeWebviewPanel: async (panel, state) => audit.attach(panel, text(state, 'filter')),
    }),
  );
  registered.register(
    vscode.window.registerWebviewPanelSerializer('cowork.task', {
      deserializeWebviewPanel: async (panel, state) => {
        const taskId = text(state, 'taskId');
        if (taskId === undefined) panel.dispose();
        else tasks.attach(taskId, panel);
      },
    }),
  );
  return registered;
}

/** Everything that a person sees of the product. Disposing the result takes all of it away. */
export function registerViews(host: ViewsHost): vscode.Disposable {
  setBundle(vscode.l10n.bundle ?? {});
  const all = new Disposables();
  const watch = all.register(new EngineWatch(host));
  const panelHost: PanelHost = { extensionUri: host.context.extensionUri, pages: host.pages, log: host.log };
  const approvals = all.register(new ApprovalsView(host, watch));
  const audit = all.register(
    new AuditPanels(panelHost, watch, host.channels, new SavedFilters(host.context.workspaceState)),
  );
  const tasks = all.register(new TaskPanels(panelHost, watch));
  const pairing = all.register(new PairingPanels(panelHost, watch, host.channels));
  const authenticator = all.register(new AuthenticatorPanels(panelHost, watch));
  const guides = all.register(new ChannelGuides(host.channels));
  const keys = all.register(new ContextKeys(watch, host.context.globalState));
  all.register(new ChannelsTree(watch, host.channels));
  const { workspaceState } = host.context;
  const choices = {
    users: all.register(
      new TreeChoices<UserGroup>(workspaceState, 'cowork.users', ['channel', 'role', 'none']),
    ),
    tasks: all.register(
      new TreeChoices<TaskGroup>(workspaceState, 'cowork.tasks', ['state', 'person', 'channel']),
    ),
  };
  all.register(new UsersTree(watch, host.channels, choices.users));
  all.register(new TasksTree(watch, host.channels, choices.tasks));
  all.register(keys.follow('cowork.usersFiltered', choices.users));
  all.register(keys.follow('cowork.tasksFiltered', choices.tasks));
  const checklist = all.register(new ChecklistTree(watch));
  const preview = all.register(new ChangePreview());
  const posture = all.register(new PosturePanels(panelHost, watch));
  all.register(new StatusBar(watch));
  all.register(new EffectivePolicy(watch));
  all.register(new ApprovalNotifications(watch, approvals, host.log));
  all.register(
    registerCommands({
      host,
      watch,
      approvals,
      keys,
      checklist,
      preview,
      choices,
      panels: { audit, tasks, pairing, authenticator, posture, guides },
    }),
  );
  all.register(restorePanels(audit, tasks));
  all.register(registerUndoContent(() => watch.engine));
  watch.whileEngine((engine) => engine.pairing.onWrongTry((tried) => pairing.wrongTry(tried)));
  watch.whileEngine((engine) => engine.tasks.onOutput(({ taskId, text }) => tasks.receive(taskId, text)));
  all.register(
    watch.onChange((kinds) => {
      if (kinds.has('tasks')) tasks.prune();
    }),
  );
  return all;
}
