import * as vscode from 'vscode';
import { COMMAND_IDS, type CommandId } from '../command-ids';
import { Disposables } from '../lifecycle';
import { t } from '../protocol/l10n';
import { approvalCommands } from './approvals';
import { channelCareCommands } from './channel-care';
import { channelCommands } from './channels';
import { checklistCommands } from './checklist';
import { credentialCommands } from './credentials';
import { incidentCommands } from './incident';
import { type Desk, type Handler, Notice } from './kit';
import { pairingCommands } from './pairing';
import { policyCommands } from './policy';
import { secondFactorCommands } from './second-factor';
import { systemCommands } from './system';
import { taskCommands } from './tasks';
import { treeChoiceCommands } from './tree-choices';
import { upkeepCommands } from './upkeep';
import { userCommands } from './users';
import { webhookCommands } from './webhooks';

/** Whatever goes wrong is told in a sentence; details go to the log. A command never ends in a raw error. */
async function run(desk: Desk, id: CommandId, handler: Handler, args: readonly unknown[]): Promise<void> {
  const { log } = desk.host;
  try {
    await handler(...args);
  } catch (error) {
    if (error instanceof Notice) {
      void vscode.window.showInformationMessage(error.message);
      return;
    }
    log.error(`${id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    const showLog = t('Show Log');
    const message = desk.host.mask(error instanceof Error ? error.message : String(error));
    void vscode.window.showErrorMessage(message, showLog).then((choice) => {
      if (choice === showLog) log.show();
    });
  }
}

/** Registers every command of `COMMAND_IDS`; one without a handler does not compile. */
export function registerCommands(desk: Desk): Disposables {
  const handlers: Readonly<Record<CommandId, Handler>> = {
    ...approvalCommands(desk),
    ...channelCommands(desk),
    ...channelCareCommands(desk),
    ...checklistCommands(desk),
    ...credentialCommands(desk),
    ...incidentCommands(desk),
    ...pairingCommands(desk),
    ...policyCommands(desk),
    ...secondFactorCommands(desk),
    ...systemCommands(desk),
    ...taskCommands(desk),
    ...treeChoiceCommands(desk.choices),
    ...upkeepCommands(desk),
    ...userCommands(desk),
    ...webhookCommands(desk),
  };
  const registered = new Disposables();
  for (const id of COMMAND_IDS) {
    registered.register(
      vscode.commands.registerCommand(id, (...args: unknown[]) => run(desk, id, handlers[id], args)),
    );
  }
  return registered;
}
