import * as vscode from 'vscode';
import type { UserView } from '../../engine/api';
import { OWNER_AT_DESK } from '../../engine/model/record';
import { t } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import { type Choice, confirmed, type Desk, type Handler, inform, Notice, needEngine, pick } from './kit';
import { mayApprove, oneUser } from './users';

/** Asks for a code of an authenticator app; undefined when the person left. The box shows what is typed: it is good once. */
export async function askCode(title: string): Promise<string | undefined> {
  const code = await vscode.window.showInputBox({
    title,
    prompt: t('The code that the authenticator app shows now'),
    placeHolder: '123456',
    ignoreFocusOut: true,
  });
  return code === undefined || code.trim() === '' ? undefined : code.trim();
}

/** While all is stopped, what protects going on can be changed only by somebody who could go on. */
async function mayChangeDesk(desk: Desk): Promise<boolean> {
  const engine = needEngine(desk);
  if (!engine.stepUp.isEnrolled(OWNER_AT_DESK) || engine.status().phase !== 'paused') return true;
  const code = await askCode(t('Protect Resume'));
  if (code === undefined) return false;
  const passed = await engine.stepUp.verify(OWNER_AT_DESK, code);
  if (!passed.ok) throw new Notice(passed.sentence);
  return true;
}

function setUpForDesk(desk: Desk): void {
  desk.panels.authenticator.show({
    key: OWNER_AT_DESK,
    name: t('Resume at the desk'),
    purpose: t(
      'From then on a code is asked for before work goes on after everything was stopped. Keep the key in a safe place too: without the app and the key, stopped work cannot go on.',
    ),
  });
}

/** Approving from a chat, and the second factor for it and for going on after a stop. */
export function secondFactorCommands(desk: Desk) {
  const approvers = (user: UserView) => user.state === 'active' && mayApprove(user);
  return {
    'cowork.users.allowRemoteApproval': async (node) => {
      const title = t('Allow Approving from Chat');
      const user = await oneUser(desk, node, title, approvers);
      if (user === undefined) return;
      if (!approvers(user)) {
        throw new Notice(
          t(
            'Only an owner or approver who has access can approve. Change the role of {0} first.',
            flat(user.displayName),
          ),
        );
      }
      const own = await pick<boolean>(
        title,
        t('Which requests may {0} answer in a direct message?', flat(user.displayName)),
        [
          { label: t('Only those of others'), detail: t('Two people look at each action'), value: false },
          {
            label: t('Also their own'),
            detail: t('Whoever has their phone can then ask and approve alone'),
            value: true,
          },
        ],
        true,
      );
      if (own === undefined) return;
      const detail = own
        ? t(
            'They get each request in a direct message, also those they asked for. Whoever has their phone can then ask for an action and approve it alone. High-risk actions need an authenticator.',
          )
        : t(
            'They get the requests of others in a direct message and can approve them without being at this desk. High-risk actions need an authenticator.',
          );
      const question = t('Let {0} approve from a chat?', flat(user.displayName));
      if (!(await confirmed(question, detail, t('Allow')))) return;
      await needEngine(desk).users.setRemoteApproval(user.key, true, own);
    },
    'cowork.users.forbidRemoteApproval': async (node) => {
      const user = await oneUser(
        desk,
        node,
        t('Forbid Approving from Chat'),
        (one) => one.remoteApproval.enabled,
      );
      if (user !== undefined) await needEngine(desk).users.setRemoteApproval(user.key, false, false);
    },
    'cowork.users.setUpAuthenticator': async (node) => {
      const user = await oneUser(desk, node, t('Set Up Authenticator'), approvers);
      if (user === undefined) return;
      const name = flat(user.displayName) || flat(user.sender);
      if (needEngine(desk).stepUp.isEnrolled(user.key)) {
        const detail = t('Codes of the app that is set up now stop working once the new one is confirmed.');
        if (!(await confirmed(t('Replace the authenticator of {0}?', name), detail, t('Replace')))) return;
      }
      desk.panels.authenticator.show({
        key: user.key,
        name,
        purpose: t(
          'From then on a code of the app is asked for when {0} approves a high-risk action from a chat, so that a stolen phone with an open chat is not enough.',
          name,
        ),
      });
    },
    'cowork.users.removeAuthenticator': async (node) => {
      const { stepUp } = needEngine(desk);
      const user = await oneUser(desk, node, t('Remove Authenticator'), (one) => stepUp.isEnrolled(one.key));
      if (user === undefined) return;
      const question = t('Remove the authenticator of {0}?', flat(user.displayName));
      const detail = t('They can then approve no high-risk action from a chat that needs one.');
      if (await confirmed(question, detail, t('Remove'))) await stepUp.remove(user.key);
    },
    'cowork.resume.protect': async () => {
      const { stepUp } = needEngine(desk);
      if (!stepUp.isEnrolled(OWNER_AT_DESK)) return setUpForDesk(desk);
      const choices: readonly Choice<'replace' | 'remove'>[] = [
        {
          label: t('Set up another app'),
          detail: t('The present one stops working once the new one is confirmed'),
          value: 'replace',
        },
        {
          label: t('Remove the protection'),
          detail: t('Work then goes on after a stop without a code'),
          value: 'remove',
        },
      ];
      const choice = await pick(t('Protect Resume'), t('An authenticator is set up.'), choices, true);
      if (choice === undefined || !(await mayChangeDesk(desk))) return;
      if (choice === 'replace') return setUpForDesk(desk);
      await stepUp.remove(OWNER_AT_DESK);
      inform(t('Work goes on after a stop without a code now.'));
    },
  } satisfies Record<string, Handler>;
}
