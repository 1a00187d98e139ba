import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import type { AdapterChunk } from '../channels/registry';
import { upstreamFromEnvironment } from '../engine/egress/upstream';
import type { HeadMemory } from '../engine/journal';
import { headSchema } from '../engine/journal/heads';
import type { Destination } from '../engine/model/egress';
import { systemClock } from '../engine/model/ports';
import type { SecretBackend } from '../engine/vault/backend';
import type { Masking } from '../engine/vault/masking';
import type {
  ChecklistBundle,
  EditorPort,
  GuardChunk,
  SessionPorts,
  SessionSettings,
  WorkspacePolicyFile,
} from '../session/ports';
import { vscodeDesk } from './desk';
import { load } from './load';
import { warnOfSetting } from './setting-warning';

/** A folder's own rules, relative to its root. */
const POLICY_FILE = '.cowork/policy.jsonc';

/** What the window has, however often its session starts. */
export interface WindowParts {
  readonly context: vscode.ExtensionContext;
  readonly folder: vscode.WorkspaceFolder;
  readonly settings: SessionSettings;
  readonly editor: EditorPort;
  readonly masking: Masking;
  readonly secrets: readonly SecretBackend[];
  readonly log: vscode.LogOutputChannel;
}

/** What a session needs, out of VS Code. */
export function sessionPorts({
  context,
  folder,
  settings,
  editor,
  masking,
  secrets,
  log,
}: WindowParts): SessionPorts {
  const bundles = join(context.extensionPath, 'dist');
  const workspace = realpathSync(folder.uri.fsPath);
  const storage = storageOf(context, workspace);
  return {
    version: String(context.extension.packageJSON.version),
    // With its links resolved, so that paths compare as the file system sees them.
    workspace,
    label: folder.name,
    trusted: () => vscode.workspace.isTrusted,
    storage,
    // <user data>/User/globalStorage/<id>: what is above it is the editor's own.
    hidden: [dirname(dirname(dirname(context.globalStorageUri.fsPath)))],
    bundles,
    masking,
    secretBackends: secrets,
    heads: rememberedHead(context, storage),
    settings,
    policyFile: policyFile(folder),
    editor,
    problem: (text) => void warnOfSetting(text, 'cowork', log),
    loadChunk: async (id) => load<AdapterChunk>(join(bundles, 'channels', `${id}.cjs`)),
    loadGuard: async () => load<GuardChunk>(join(bundles, 'guard.cjs')),
    loadChecklist: async () => load<ChecklistBundle>(join(bundles, 'checklist.cjs')),
    clock: systemClock,
    log,
    desk: vscodeDesk(),
    network: { hostProxies: true, upstream: editorProxy },
    forward: forwardPort,
    env: process.env,
    home: homedir(),
  };
}

/**
 * The folder for one workspace's record. VS Code's own `storageUri` will not do: it gives a second window on the
 * same folder another place, and so a second engine. Here the second window finds the lease of the first.
 */
function storageOf(context: vscode.ExtensionContext, workspace: string): string {
  const id = createHash('sha256').update(workspace).digest('hex').slice(0, 16);
  return join(context.globalStorageUri.fsPath, 'workspaces', id);
}

/**
 * For connections that we open ourselves, which VS Code's patches of `http` and `https` do not reach: what commands do.
 * https://code.visualstudio.com/docs/setup/network#_proxy-server-support
 */
function editorProxy(destination: Destination): URL | undefined {
  const settings = vscode.workspace.getConfiguration('http');
  const variables = upstreamFromEnvironment(process.env)(destination);
  if (settings.get('proxySupport') === 'off') return variables;
  const excepted: unknown = settings.get('noProxy');
  const NO_PROXY = Array.isArray(excepted) ? excepted.join(',') : '';
  const proxy = settings.get<string>('proxy') || undefined;
  return proxy
    ? upstreamFromEnvironment({ HTTPS_PROXY: proxy, HTTP_PROXY: proxy, NO_PROXY })(destination)
    : variables;
}

/** The last head of the journal, in VS Code's own state: out of reach of whoever can write the journal's folder. */
function rememberedHead(context: vscode.ExtensionContext, journal: string): HeadMemory {
  const key = `journal.head:${journal}`;
  return {
    async load() {
      const parsed = headSchema.safeParse(context.globalState.get(key));
      return parsed.success ? parsed.data : undefined;
    },
    save: async (head) => context.globalState.update(key, head),
  };
}

function policyFile(folder: vscode.WorkspaceFolder): WorkspacePolicyFile {
  const uri = vscode.Uri.joinPath(folder.uri, POLICY_FILE);
  return {
    async read() {
      try {
        return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
      } catch (error) {
        if (error instanceof vscode.FileSystemError && error.code === 'FileNotFound') return undefined;
        throw error;
      }
    },
    stamp: () => stampOf(uri.fsPath),
    onChange(listener) {
      const watcher = vscode.workspace.createFileSystemWatcher(
        new vscode.RelativePattern(folder, POLICY_FILE),
      );
      const subscriptions = [
        watcher,
        watcher.onDidCreate(listener),
        watcher.onDidChange(listener),
        watcher.onDidDelete(listener),
        // The editor's watcher may miss a file that something else made together with its folder.
        watchStamp(uri.fsPath, listener),
      ];
      return { dispose: () => void vscode.Disposable.from(...subscriptions).dispose() };
    },
  };
}

/** How often the policy file is looked at, in milliseconds. */
const LOOK_EVERY_MS = 2_000;

async function stampOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(
    (error: NodeJS.ErrnoException) => error.code ?? 'error',
  );
  return typeof found === 'string' ? found : [found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ');
}

function watchStamp(path: string, listener: () => void): vscode.Disposable {
  let last: string | undefined;
  const timer = setInterval(async () => {
    const now = await stampOf(path);
    if (last !== undefined && last !== now) listener();
    last = now;
  }, LOOK_EVERY_MS);
  return { dispose: () => clearInterval(timer) };
}

/**
 * VS Code's port forwarding: an address when this window is remote, or runs behind one. On a desktop it gives back the
 * address of this machine, which no platform can reach, so that is no forwarding.
 */
async function forwardPort(port: number): Promise<string | undefined> {
  const local = vscode.Uri.parse(`http://127.0.0.1:${port}`);
  const external = await vscode.env.asExternalUri(local);
  const { hostname, protocol } = new URL(external.toString(true));
  const here = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  return here || protocol !== 'https:' ? undefined : external.toString(true);
}
