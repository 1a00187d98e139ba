import * as vscode from 'vscode';
import { OWNER_AT_DESK } from '../../engine/model/record';
import { exportRecords } from '../panels/audit-files';
import { t } from '../protocol/l10n';
import { confirmed, type Desk, type Handler, inform, needEngine } from './kit';
import { askCode } from './second-factor';

const WALKTHROUGH = 'cowork-os.cowork-os#beforeFirstUse';

/** Looking back, stopping everything, and the ways to the rest of the product. */
export function systemCommands(desk: Desk) {
  return {
    'cowork.audit.open': async () => desk.panels.audit.show(),
    'cowork.audit.openFor': async (argument) => {
      if (typeof argument === 'string') return desk.panels.audit.show(argument);
      if (typeof argument === 'object' && argument !== null) {
        if ('user' in argument) return desk.panels.audit.show(`user:${keyOf(argument.user, 'key')}`);
        if ('task' in argument) return desk.panels.audit.show(`task:${keyOf(argument.task, 'id')}`);
        if ('channel' in argument) return desk.panels.audit.show(`channel:${keyOf(argument.channel, 'id')}`);
      }
      desk.panels.audit.show();
    },
    'cowork.audit.verify': async () => {
      needEngine(desk);
      await desk.panels.audit.verify();
    },
    'cowork.audit.export': async () => exportRecords(needEngine(desk).audit, {}),
    'cowork.chat.openLocal': async () => {
      needEngine(desk);
      await desk.host.channels.openLocalChat();
    },
    'cowork.log.show': async () => desk.host.log.show(),
    'cowork.walkthrough.open': async () => {
      await vscode.commands.executeCommand('workbench.action.openWalkthrough', WALKTHROUGH, false);
    },
    'cowork.settings.open': async (argument) => {
      const query = typeof argument === 'string' ? argument : '@ext:cowork-os.cowork-os';
      await vscode.commands.executeCommand('workbench.action.openSettings', query);
    },
    'cowork.defaults.review': async () => {
      await vscode.commands.executeCommand('workbench.action.openSettings', '@ext:cowork-os.cowork-os');
      await desk.keys.remember('cowork.defaultsReviewed');
      await desk.watch.engine?.posture.acknowledge('defaults', '', t('The default settings were reviewed.'));
    },
    'cowork.permissions.review': async () => {
      await vscode.commands.executeCommand(
        'workbench.action.openSettings',
        '@ext:cowork-os.cowork-os cowork.capabilities',
      );
      await desk.keys.remember('cowork.permissionsReviewed');
      await desk.watch.engine?.posture.complete('permissions', t('The permissions were opened for review.'));
    },
    'cowork.engine.retry': async () => desk.host.retry(),
    'cowork.pause': async () => {
      // The panic button: no question, at once.
      await needEngine(desk).pause(t('Paused by the owner in the editor'));
      inform(t('Everything is stopped and stays stopped, also after a restart, until you resume.'));
    },
    'cowork.resume': async () => {
      const engine = needEngine(desk);
      if (engine.status().phase !== 'paused') return inform(t('CoWork OS is not paused.'));
      const detail = t('People can ask for work again. Cancelled tasks stay cancelled.');
      if (!(await confirmed(t('Resume work?'), detail, t('Resume')))) return;
      const reason = t('Resumed by the owner in the editor');
      if (!engine.stepUp.isEnrolled(OWNER_AT_DESK)) return engine.resume(reason);
      const code = await askCode(t('Resume'));
      if (code !== undefined) await engine.resume(reason, code);
    },
  } satisfies Record<string, Handler>;
}

function keyOf(value: unknown, name: string): string {
  if (typeof value !== 'object' || value === null) return '';
  const found: unknown = (value as Readonly<Record<string, unknown>>)[name];
  return typeof found === 'string' ? found : '';
}
