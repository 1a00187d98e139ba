import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleFolder } from './paths';

/** Settings by their ids. */
export type Settings = Readonly<Record<string, unknown>>;

/** Keeps the workbench from talking to galleries and assistants and from opening pages that no test wants. */
export const quiet: Settings = {
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'security.workspace.trust.startupPrompt': 'never',
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'terminal.integrated.gpuAcceleration': 'off',
  'window.commandCenter': false,
  'workbench.editor.useModal': 'off',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

/**
 * Writes a person's settings into a profile.
 * @param user the folder that holds settings.json: `data/User` under a server's data, `User` under the desktop's.
 */
export async function writeUserSettings(user: string, settings: Settings): Promise<void> {
  await mkdir(user, { recursive: true });
  await writeFile(join(user, 'settings.json'), JSON.stringify(settings, undefined, 2));
}

/** A throw-away folder with a copy of the sample inside; `remove` takes it all away. */
export interface Scratch {
  readonly root: string;
  readonly workspace: string;
  remove(): Promise<void>;
}

export async function scratch(label: string): Promise<Scratch> {
  const root = await mkdtemp(join(tmpdir(), `cowork-${label}-`));
  const workspace = join(root, 'sample');
  await cp(sampleFolder, workspace, { recursive: true });
  return {
    root,
    workspace,
    // A host that has just been ended may still be closing files; removal then succeeds at a second attempt.
    remove: () => rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  };
}
