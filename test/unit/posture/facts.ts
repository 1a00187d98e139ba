import { PROFILE_CEILINGS } from '../../../src/engine/policy/profiles';
import type { ChannelPosture, FactFamilies } from '../../../src/engine/posture/facts';

/** A channel about which there is nothing to say. */
export function goodChannel(changes: Partial<ChannelPosture> = {}): ChannelPosture {
  return {
    channel: 'telegram',
    name: 'Telegram',
    profile: 'production',
    enabled: true,
    state: 'online',
    account: { account: '7', name: 'Bot', isBot: true },
    settings: { allowedGroups: ['-1001234567890'] },
    modes: { dm: 'pairing', group: 'pairing' },
    reported: { readsAllGroupMessages: false },
    secrets: [],
    users: 1,
    conversations: [],
    external: true,
    contexts: ['dm', 'group'],
    noBots: false,
    chosen: {},
    denied: { dm: [], group: ['memory', 'shell', 'destructive', 'write'] },
    requiredRole: { dm: 'observer', group: 'observer' },
    acknowledged: { account: false, open: false },
    ...changes,
  };
}

/** Facts about which no rule finds anything. */
export function goodFacts(): FactFamilies {
  return {
    channels: { profile: 'production', shell: 'ask', accessRules: {}, channels: [goodChannel()] },
    access: { staleDays: 30, stale: [], sharedCodes: [], manyNames: [], unsecured: [] },
    policy: {
      profile: 'production',
      ceiling: PROFILE_CEILINGS.production,
      user: { profile: 'production' },
      problems: [],
      logLevel: 'info',
    },
    grants: { idleDays: 30, unused: [] },
    credentials: {
      health: { level: 'editor', passedOver: [], rotateAfterDays: 90 },
      overdue: [],
      weak: [],
      shared: [],
    },
    machine: {
      profile: 'production',
      loose: [],
      synced: [],
      sandbox: { wanted: 'auto', label: 'Bubblewrap', isolated: true, tested: 'It holds.', rejected: [] },
      dockerHost: undefined,
      containerOptions: [],
      environment: ['LANG'],
      agents: [],
      listening: [],
      secretSettings: [],
      prototypes: [],
    },
    repository: { secrets: [], settings: [], loosening: [], invalid: [], containers: [], whole: true },
    activity: { noticed: [] },
    update: { last: { status: 'current', installed: '1.0.0', latest: '1.0.0', source: 'the marketplace' } },
  };
}
