import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { accessProjection } from '../engine/access/projection';
import { nodeFs } from '../engine/journal';
import { isJournal, scanDirectory } from '../engine/journal/scan';
import type { Projection } from '../engine/model/projection';
import { grantsProjection, unusedGrants } from '../engine/policy/grants';
import { PROFILE_CEILINGS } from '../engine/policy/profiles';
import type { Profile } from '../engine/policy/schema';
import type { FactFamilies } from '../engine/posture/facts';
import { postureProjection } from '../engine/posture/projection';
import { surveyLoose, surveySynced } from '../engine/posture/survey/places';
import { surveyRepository } from '../engine/posture/survey/repository';
import { readSettingsFile } from '../engine/posture/survey/settings';

const DAY_MS = 86_400_000;
/** As the settings come: days without a word, and without a use. */
const STALE_DAYS = 30;
const IDLE_DAYS = 30;
const NOTICED_MS = 7 * DAY_MS;

export interface FolderInput {
  readonly directory: string;
  /** A person's settings, when they are to be judged too. */
  readonly settings?: string;
  readonly profile?: Profile;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface FolderFacts {
  readonly facts: Partial<FactFamilies>;
  /** Sentences: what cannot be seen from here. */
  readonly unseen: readonly string[];
}

/** What can be known of a folder without the editor: a repository, a workspace's record, or both. */
export async function folderFacts(input: FolderInput): Promise<FolderFacts> {
  const directory = resolve(input.directory);
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory())
    throw new Error(`There is no folder ${directory}.`);
  const journal = [directory, join(directory, 'journal')].find(
    (place) => isFolder(place) && isJournal(place, nodeFs),
  );
  const settings =
    input.settings === undefined
      ? undefined
      : readSettingsFile(readFileSync(input.settings, 'utf8'), input.profile);
  const profile = input.profile ?? settings?.policy.profile ?? 'development';
  const facts: Partial<FactFamilies> = {
    // A record is no repository; what people wrote is in it, and is not looked through for credentials.
    ...(journal === undefined
      ? { repository: await surveyRepository(directory) }
      : await recordFacts(journal, input.now)),
    ...(settings === undefined
      ? {}
      : {
          policy: {
            profile,
            ceiling: PROFILE_CEILINGS[profile],
            user: settings.policy,
            problems: settings.problems,
            logLevel: 'info',
          },
        }),
    machine: {
      profile,
      loose: journal === undefined ? [] : await surveyLoose([directory], process.platform),
      synced: surveySynced([{ path: directory, what: journal === undefined ? 'workspace' : 'storage' }]),
      // Not to be seen from here; the sentence below says so.
      sandbox: { wanted: 'auto', label: '', isolated: true, tested: '', rejected: [] },
      dockerHost: undefined,
      containerOptions: settings?.containerOptions ?? [],
      environment: settings?.environment ?? [],
      agents: settings?.agents ?? [],
      listening: [],
      secretSettings: settings?.secretSettings ?? [],
      prototypes: [],
    },
  };
  return {
    facts,
    unseen: [
      'The sandbox, the channels and the vault can only be looked at in the editor.',
      ...(settings === undefined
        ? ['No settings were given (--settings FILE), so that none were judged.']
        : []),
      ...(journal === undefined
        ? ['There is no record in the folder, so that people and grants were not looked at.']
        : []),
      ...(facts.repository?.whole === false ? ['The folder has more files than are looked through.'] : []),
    ],
  };
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

async function recordFacts(journal: string, now: number): Promise<Partial<FactFamilies>> {
  const access = accessProjection.initial();
  const grants = grantsProjection.initial();
  const posture = postureProjection.initial();
  const all: readonly (readonly [Projection<unknown>, unknown])[] = [
    [accessProjection as Projection<unknown>, access],
    [grantsProjection as Projection<unknown>, grants],
    [postureProjection as Projection<unknown>, posture],
  ];
  for await (const batch of scanDirectory(journal))
    for (const record of batch) for (const [projection, state] of all) projection.reduce(state, record);
  const users = Object.values(access.users).filter(({ status }) => status === 'active');
  const days = (at: number) => Math.max(0, Math.floor((now - at) / DAY_MS));
  const nameOf = (key: string) => access.users[key]?.displayName || key;
  return {
    access: {
      staleDays: STALE_DAYS,
      stale: users
        .map(({ key, lastSeenAt }) => ({
          key,
          name: nameOf(key),
          channel: key.split(':', 1)[0] ?? '',
          days: days(lastSeenAt),
        }))
        .filter((user) => user.days > STALE_DAYS),
      sharedCodes: Object.values(access.codes)
        .filter(({ expiresAt, triedBy }) => expiresAt > now && triedBy.length > 1)
        .map(({ codeId, channel, triedBy }) => ({ codeId, channel, triedBy: triedBy.length })),
      manyNames: users.flatMap(({ key }) => {
        const names = Object.hasOwn(posture.names, key) ? (posture.names[key] ?? []) : [];
        return names.length > 1 ? [{ key, names }] : [];
      }),
      unsecured: [],
    },
    grants: {
      idleDays: IDLE_DAYS,
      unused: unusedGrants(grants, now, IDLE_DAYS * DAY_MS).map(({ grant, addedAt, lastUsedAt }) => ({
        id: grant.id,
        name: nameOf(grant.user ?? ''),
        what: grant.matcher.kind,
        days: days(lastUsedAt ?? addedAt),
      })),
    },
    activity: {
      noticed: posture.noticed
        .filter(({ at }) => now - at < NOTICED_MS)
        .map(({ pattern, subject, text, count, at }) => ({ pattern, subject, text, count, at }))
        .reverse(),
    },
  };
}
