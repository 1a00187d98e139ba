import { join } from 'node:path';
import * as vscode from 'vscode';
import { DESCRIPTORS } from './channels/registry';
import { Masking } from './engine/vault/masking';
import { settingDescription } from './host/channel-fields';
import { SessionChannels } from './host/channels-port';
import { VsCodeEditor } from './host/editor';
import { openLocalChat } from './host/local-chat';
import { maskedLog } from './host/masked-log';
import { secretBackends } from './host/secret-backends';
import { sessionPorts } from './host/session-ports';
import { VsCodeSessionSettings } from './host/session-settings';
import { warnOfSetting } from './host/setting-warning';
import { Settings } from './host/settings';
import { registerTaskLinks } from './host/task-links';
import { WindowSession } from './host/window-session';
import { BuiltPages } from './views/page-html';
import { registerPolicyFile } from './views/policy-file';
import type { ViewsHost } from './views/ports';
import { registerViews } from './views/register';

let window: WindowSession | undefined;

/** Builds the parts and joins them. The engine starts behind it, so that the editor does not wait for it. */
export function activate(context: vscode.ExtensionContext): void {
  const masking = new Masking();
  const log = maskedLog(vscode.window.createOutputChannel('CoWork OS', { log: true }), masking);
  const settings = new Settings();
  const editor = new VsCodeEditor(log);
  const engineSettings = new VsCodeSessionSettings(
    settings,
    DESCRIPTORS.map(({ id }) => id),
  );
  const secrets = secretBackends(context);
  const session = new WindowSession(
    () => {
      const folder = vscode.workspace.workspaceFolders?.[0];
      return (
        folder && sessionPorts({ context, folder, settings: engineSettings, editor, masking, secrets, log })
      );
    },
    log,
    masking,
  );
  window = session;
  const channels = new SessionChannels(
    session,
    DESCRIPTORS,
    {
      read: (id) => engineSettings.channel(id),
      write: (key, value) => editor.settings.set(key, value),
      describe: (key) => settingDescription(context.extension.packageJSON, key),
    },
    () => openLocalChat(session),
  );
  const dist = join(context.extensionPath, 'dist');
  const host: ViewsHost = {
    context,
    log,
    mask: (text) => masking.mask(text),
    engine: () => session.session?.engine,
    engineState: { get: () => session.get(), onChange: session.onChange },
    retry: () => session.again(),
    channels,
    pages: new BuiltPages(dist),
  };
  context.subscriptions.push(
    log,
    settings,
    editor,
    registerViews(host),
    registerTaskLinks(),
    settings.onProblem(({ key, text }) => {
      void warnOfSetting(text, key, log);
      void session.session?.note(text).catch(() => {});
    }),
    registerPolicyFile(dist, (bundle) => require(bundle), host),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void session.start()),
    vscode.workspace.onDidChangeWorkspaceFolders(() => void session.start()),
  );
  void session.start();
}

export async function deactivate(): Promise<void> {
  await window?.close();
}
