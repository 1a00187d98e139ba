import { stat } from 'node:fs/promises';
import type { MachineFacts } from '../facts';

/** Folders that are copied to other machines, by what their paths are called on the three systems. */
const SERVICES: readonly { readonly service: string; readonly form: RegExp }[] = [
  { service: 'iCloud', form: /\/Library\/Mobile Documents(\/|$)|\/iCloud ?Drive(\/|$)/i },
  { service: 'Dropbox', form: /\/Dropbox( \([^/]+\))?(\/|$)|\/CloudStorage\/Dropbox/i },
  { service: 'OneDrive', form: /\/OneDrive( - [^/]+)?(\/|$)|\/CloudStorage\/OneDrive/i },
  {
    service: 'Google Drive',
    form: /\/(Google ?Drive|GoogleDrive|My Drive)(\/|$)|\/CloudStorage\/GoogleDrive/i,
  },
  { service: 'Nextcloud', form: /\/(Nextcloud|ownCloud)(\/|$)/i },
  { service: 'Box', form: /\/Box( Sync)?(\/|$)|\/CloudStorage\/Box/ },
  { service: 'Syncthing', form: /\/(Sync|Syncthing)(\/|$)/ },
  { service: 'MEGA', form: /\/MEGA(sync)?(\/|$)/ },
  { service: 'pCloud', form: /\/pCloud ?Drive(\/|$)/i },
  { service: 'Proton Drive', form: /\/Proton ?Drive(\/|$)/i },
];

/** The service that copies a folder elsewhere, by its path. */
export function syncedBy(path: string): string | undefined {
  const plain = path.replaceAll('\\', '/');
  return SERVICES.find(({ form }) => form.test(plain))?.service;
}

export function surveySynced(
  places: readonly { readonly path: string; readonly what: 'storage' | 'workspace' }[],
): MachineFacts['synced'] {
  return places.flatMap(({ path, what }) => {
    const service = syncedBy(path);
    return service === undefined ? [] : [{ path, what, service }];
  });
}

/**
 * Those of these folders that others can look into. What lies in a folder that nobody else may enter is safe whatever
 * its own mode. Windows has other rights, which are not looked at.
 */
export async function surveyLoose(
  folders: readonly string[],
  platform: NodeJS.Platform,
): Promise<MachineFacts['loose']> {
  if (platform === 'win32') return [];
  const loose: MachineFacts['loose'][number][] = [];
  for (const path of folders) {
    const found = await stat(path).catch(() => undefined);
    if (!found) continue;
    const mode = found.mode & 0o777;
    if ((mode & 0o077) !== 0) loose.push({ path, mode, folder: found.isDirectory() });
  }
  return loose;
}
