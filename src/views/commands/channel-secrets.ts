import * as vscode from 'vscode';
import type { ChannelSecret, ChannelViewItem, CheckedAccount } from '../ports';
import { t, translated } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import { type Answer, ask, type Outcome, type Place, runWizard, type Step } from '../wizard/wizard';
import { type Desk, inform } from './kit';

/** What was entered so far, by name. Kept nowhere else until the platform took all of it. */
export type Entered = Map<string, string>;

/** How an answer leaves a step that has written it down. */
export function outcome(answer: Answer<unknown>): Outcome {
  return typeof answer === 'string' ? answer : 'next';
}

/** It cannot run before this is entered. */
export function isLacking({ stored, optional }: ChannelSecret): boolean {
  return !stored && !optional;
}

function tell(channel: ChannelViewItem, account: CheckedAccount): void {
  const name = flat(account.handle ?? account.name);
  if (account.isBot === false) {
    void vscode.window.showWarningMessage(
      t('{0} says that {1} is a person’s account. Use a bot account made for this only.', channel.name, name),
    );
  } else inform(t('{0} knows this as {1}. It is stored in the editor’s secret storage.', channel.name, name));
}

/**
 * A step for each credential of the channel. With the last one all are checked with the platform, which can be
 * cancelled, and only then they are kept; what is wrong is said where it can be corrected.
 */
export function secretSteps(desk: Desk, channel: ChannelViewItem, entered: Entered): readonly Step[] {
  const { channels } = desk.host;
  return channel.secrets.map((secret, index) => ({
    run: async (place: Place) => {
      const last = index === channel.secrets.length - 1;
      const answer = await ask(place, {
        prompt: `${translated(secret.label)}: ${translated(secret.help)}`,
        placeHolder: secret.stored
          ? t('One is stored; what you enter replaces it')
          : secret.optional
            ? t('{0}: leave empty if there is none', translated(secret.label))
            : translated(secret.label),
        value: entered.get(secret.name) ?? '',
        password: true,
        validate: (text) => {
          if (text.trim() === '') return secret.optional ? undefined : t('Nothing was entered.');
          const wrong = channels.validateSecret(channel.id, secret.name, text.trim());
          return wrong === undefined ? undefined : translated(wrong);
        },
        checking: t('Asking {0} whether this is right…', channel.name),
        accept: async (text, signal) => {
          if (text === '') entered.delete(secret.name);
          else entered.set(secret.name, text);
          if (!last) return undefined;
          try {
            tell(channel, await channels.setSecrets(channel.id, Object.fromEntries(entered), signal));
            return undefined;
          } catch (error) {
            return desk.host.mask(error instanceof Error ? error.message : String(error));
          }
        },
      });
      return outcome(answer);
    },
  }));
}

/** Asks for every credential of the channel. False when the person left; nothing was changed then. */
export function enterSecrets(desk: Desk, channel: ChannelViewItem): Promise<boolean> {
  const list = secretSteps(desk, channel, new Map());
  return runWizard(
    () => channel.name,
    () => ({ list, complete: true }),
  );
}
