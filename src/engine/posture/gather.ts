import type { AccessService } from '../access/service';
import { type AccessState, slot } from '../access/state';
import type { ChatContext, IdentityKey } from '../model/identity';
import type { VaultHealth } from '../model/views';
import { type GrantsState, unusedGrants } from '../policy/grants';
import type { PolicyProblem } from '../policy/problems';
import type { PolicySnapshot } from '../policy/snapshot';
import type {
  AccessFacts,
  ChannelPosture,
  ChannelsFacts,
  CredentialFacts,
  FactFamilies,
  FamilyName,
  GrantFacts,
  PolicyFacts,
} from './facts';
import type { PostureSurroundings, SurroundingChannel } from './ports';
import { acknowledgementKey, type PostureState } from './projection';

const DAY_MS = 86_400_000;
/** INI-4: a standing grant that was not used for this long is asked about. */
const GRANT_IDLE_DAYS = 30;
/** How long something unusual is shown. */
const NOTICED_MS = 7 * DAY_MS;

export interface GatherDeps {
  readonly now: () => number;
  readonly access: Pick<AccessService, 'users' | 'liveCodes' | 'mode' | 'contextPolicy' | 'conversations'>;
  readonly accessState: () => AccessState;
  readonly grants: () => GrantsState;
  readonly policy: () => PolicySnapshot;
  readonly health: () => Promise<VaultHealth>;
  readonly hasSecondFactor: (key: IdentityKey) => boolean;
  readonly state: () => PostureState;
  readonly surroundings: PostureSurroundings;
}

/** How the facts of each family are come by. */
export type Sources = { readonly [F in FamilyName]: () => FactFamilies[F] | Promise<FactFamilies[F]> };

export function sourcesOf(deps: GatherDeps): Sources {
  const { surroundings, state, now } = deps;
  return {
    channels: () => channelsFacts(deps),
    access: () => accessFacts(deps),
    policy: () => policyFacts(deps.policy(), surroundings),
    grants: () => grantFacts(deps),
    credentials: () => credentialFacts(deps),
    machine: () => surroundings.machine(),
    repository: () => surroundings.repository(),
    activity: () => ({
      noticed: state()
        .noticed.filter(({ at }) => now() - at < NOTICED_MS)
        .map(({ pattern, subject, text, count, at }) => ({ pattern, subject, text, count, at }))
        .reverse(),
    }),
    update: () => {
      const { update } = state();
      return {
        last: update
          ? {
              status: update.status,
              installed: update.installed,
              source: update.source,
              ...(update.latest === undefined ? {} : { latest: update.latest }),
            }
          : undefined,
      };
    },
  };
}

function days(from: number, to: number): number {
  return Math.max(0, Math.floor((to - from) / DAY_MS));
}

async function channelsFacts(deps: GatherDeps): Promise<ChannelsFacts> {
  const { surroundings, policy } = deps;
  const { profile, capabilities } = policy();
  const { credentials } = await deps.health();
  const users = deps.access.users().filter(({ state }) => state === 'active');
  const conversations = deps.access.conversations();
  return {
    profile,
    shell: capabilities.shell.effect,
    accessRules: surroundings.accessRules(),
    channels: surroundings.channels().map((channel) => ({
      ...placesOf(deps, channel),
      channel: channel.id,
      name: channel.name,
      profile,
      enabled: channel.enabled,
      state: channel.state,
      ...(channel.account ? { account: channel.account } : {}),
      settings: channel.settings,
      reported: channel.reported,
      secrets: credentials
        .filter(({ name }) => name.startsWith(`${channel.id}/`))
        .map(({ name, ageDays }) => ({
          name: name.slice(channel.id.length + 1),
          ageMs: ageDays * DAY_MS,
        })),
      users: users.filter((user) => user.channel === channel.id).length,
      conversations: conversations
        .filter(({ ref }) => ref.channel === channel.id)
        .map(({ ref }) => ref.conversation),
      external: channel.external,
      contexts: channel.contexts,
      noBots: channel.noBots,
    })),
  };
}

/** What holds in each kind of place, and what the owner said about the channel. */
function placesOf(
  { access, accessState, state }: GatherDeps,
  { id, contexts, account }: SurroundingChannel,
): Pick<ChannelPosture, 'modes' | 'chosen' | 'denied' | 'requiredRole' | 'acknowledged'> {
  const of = <T>(value: (context: ChatContext) => T): Partial<Record<ChatContext, T>> =>
    Object.fromEntries(contexts.map((context) => [context, value(context)])) as Partial<
      Record<ChatContext, T>
    >;
  const said = (what: 'dedicated-account' | 'open-access', subject: string) =>
    Object.hasOwn(state().acknowledged, acknowledgementKey({ what, subject }));
  const { modes } = accessState();
  return {
    modes: of((context) => access.mode(id, context)),
    chosen: Object.fromEntries(
      contexts.flatMap((context) => {
        const mode = modes[slot(id, context)];
        return mode === undefined ? [] : [[context, mode]];
      }),
    ),
    denied: of((context) => access.contextPolicy(id, context).deniedToolGroups),
    requiredRole: of((context) => access.contextPolicy(id, context).requiredRole),
    acknowledged: {
      account: account !== undefined && said('dedicated-account', `${id}:${account.account}`),
      open: said('open-access', id),
    },
  };
}

function accessFacts({ access, surroundings, hasSecondFactor, state, now }: GatherDeps): AccessFacts {
  const staleDays = surroundings.staleDays();
  const at = now();
  const users = access.users().filter((user) => user.state === 'active');
  const { names } = state();
  return {
    staleDays,
    stale: users
      .map((user) => ({ user, days: days(user.lastSeenAt, at) }))
      .filter((one) => one.days > staleDays)
      .map((one) => ({
        key: one.user.key,
        name: one.user.displayName || one.user.sender,
        channel: one.user.channel,
        days: one.days,
      })),
    sharedCodes: access
      .liveCodes()
      .filter(({ triedByCount }) => triedByCount > 1)
      .map(({ codeId, channel, triedByCount }) => ({ codeId, channel, triedBy: triedByCount })),
    manyNames: users.flatMap(({ key }) => {
      const known = Object.hasOwn(names, key) ? (names[key] ?? []) : [];
      return known.length > 1 ? [{ key, names: known }] : [];
    }),
    unsecured: users
      .filter((user) => user.remoteApproval.enabled && (user.role === 'owner' || user.role === 'approver'))
      .filter((user) => !hasSecondFactor(user.key))
      .map((user) => ({ key: user.key, name: user.displayName || user.sender })),
  };
}

/** The person's own policy as they wrote it; not the cautious one that stands for it while it has mistakes. */
export function policyFacts(
  { profile, ceiling, input }: Pick<PolicySnapshot, 'profile' | 'ceiling' | 'input'>,
  from: { logLevel(): string; problems(): readonly PolicyProblem[] },
): PolicyFacts {
  return {
    profile,
    ceiling,
    user: input.user,
    problems: from.problems().map(({ kind, path, message, fix }) => ({
      kind,
      path,
      message,
      fix,
    })),
    logLevel: from.logLevel(),
  };
}

function grantFacts({ grants, access, now }: GatherDeps): GrantFacts {
  const at = now();
  const names = new Map(access.users().map((user) => [user.key, user.displayName || user.sender]));
  return {
    idleDays: GRANT_IDLE_DAYS,
    unused: unusedGrants(grants(), at, GRANT_IDLE_DAYS * DAY_MS).map(({ grant, addedAt, lastUsedAt }) => ({
      id: grant.id,
      name: names.get(grant.user ?? '') ?? grant.user ?? 'everyone',
      what: matcherText(grant.matcher),
      days: days(lastUsedAt ?? addedAt, at),
    })),
  };
}

function matcherText(matcher: GrantsState['held'][string]['grant']['matcher']): string {
  switch (matcher.kind) {
    case 'exact':
      return `one exact use of ${matcher.tool}`;
    case 'command':
      return [matcher.pattern, ...(matcher.also ?? [])].join(', ');
    case 'path':
      return `${matcher.tool} on ${matcher.glob}`;
    case 'host':
      return `${matcher.tool} on ${matcher.domain}`;
  }
}

async function credentialFacts({ health, surroundings }: GatherDeps): Promise<CredentialFacts> {
  const { level, passedOver, rotateAfterDays, credentials } = await health();
  return {
    health: { level, passedOver, rotateAfterDays },
    overdue: credentials.filter(({ overdue }) => overdue).map(({ name, ageDays }) => ({ name, ageDays })),
    ...(await surroundings.secrets()),
  };
}
