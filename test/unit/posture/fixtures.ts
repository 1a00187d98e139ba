import type { Facts } from '../../../src/engine/model/facts';
import type { Severity } from '../../../src/engine/model/posture';
import { PROFILE_CEILINGS } from '../../../src/engine/policy/profiles';
import type { FactFamilies, FamilyName } from '../../../src/engine/posture/facts';
import { goodChannel, goodFacts } from './facts';

/** Facts of which one rule must find something, and of what. */
export interface Fixture<F extends FamilyName = FamilyName> {
  readonly rule: string;
  readonly family: F;
  readonly severity: Severity;
  readonly evidence: RegExp;
  readonly facts: FactFamilies[F];
}

function bad<F extends FamilyName>(
  rule: string,
  severity: Severity,
  evidence: RegExp,
  family: F,
  changes: Partial<FactFamilies[F]>,
): Fixture {
  return { rule, family, severity, evidence, facts: { ...goodFacts()[family], ...changes } };
}

const channel = (changes: Parameters<typeof goodChannel>[0]) => ({ channels: [goodChannel(changes)] });
/** The mailbox of a channel about which there is nothing else to say. */
const email = (settings: Readonly<Record<string, unknown>>, reported: Facts) => ({
  channel: 'email',
  name: 'Email',
  contexts: ['dm' as const],
  settings: { subjectFilter: '[cowork]', ...settings },
  reported,
});
const development = { profile: 'development', ceiling: PROFILE_CEILINGS.development } as const;

/** At least one for every rule; a rule without one fails the table. */
export const FIXTURES: readonly Fixture[] = [
  bad(
    'INI-1',
    'high',
    /Telegram is open in direct messages/,
    'channels',
    channel({ modes: { dm: 'open', group: 'pairing' } }),
  ),
  bad(
    'INI-1',
    'critical',
    /open in groups/,
    'channels',
    channel({ modes: { dm: 'pairing', group: 'open' } }),
  ),
  bad(
    'INI-2',
    'high',
    /Ann is a person’s account/,
    'channels',
    channel({ account: { account: '9', name: 'Ann', isBot: false } }),
  ),
  bad(
    'INI-2.dedicated',
    'medium',
    /used for nothing else/,
    'channels',
    channel({ noBots: true, account: { account: '9', name: '+49…', isBot: null } }),
  ),
  bad(
    'CTX-1',
    'high',
    /Memory tools are not switched off in groups/,
    'channels',
    channel({ denied: { dm: [], group: ['shell', 'destructive', 'write'] } }),
  ),
  bad(
    'CTX-2',
    'medium',
    /may ask for shell, destructive, write in groups/,
    'channels',
    channel({ denied: { dm: [], group: ['memory'] } }),
  ),
  bad(
    'CTX-2',
    'critical',
    /may ask for shell/,
    'channels',
    channel({ denied: { dm: [], group: ['memory'] }, modes: { dm: 'pairing', group: 'open' } }),
  ),
  bad('ENV-DEV', 'medium', /acknowledged that Telegram may be open/, 'channels', {
    profile: 'development',
    ...channel({ acknowledged: { account: false, open: true } }),
  }),
  bad(
    'ENV-PROD.open',
    'high',
    /set to open in direct messages; the profile production makes it pairing/,
    'channels',
    channel({ chosen: { dm: 'open' } }),
  ),
  bad('TG-2', 'medium', /No group is listed/, 'channels', channel({ settings: {} })),
  bad(
    'TG-2.privacy',
    'medium',
    /can read all messages/,
    'channels',
    channel({ reported: { readsAllGroupMessages: true } }),
  ),
  bad(
    'MX-2.devices',
    'medium',
    /Not verified: Ann’s phone/,
    'channels',
    channel({ channel: 'matrix', name: 'Matrix', reported: { unverifiedDevices: ['Ann’s phone'] } }),
  ),
  bad(
    'SL-2',
    'low',
    /E012AB/,
    'channels',
    channel({ channel: 'slack', name: 'Slack', settings: { allowedTeams: ['T1', 'E012AB'] } }),
  ),
  bad(
    'SL-3.scopes',
    'medium',
    /admin/,
    'channels',
    channel({ channel: 'slack', name: 'Slack', reported: { extraScopes: ['admin'] } }),
  ),
  bad(
    'EM-1',
    'high',
    /app password of Gmail/i,
    'channels',
    channel(email({ imapHost: 'imap.gmail.com' }, { appPassword: false })),
  ),
  bad('EM-3', 'high', /No text is set/, 'channels', channel(email({ subjectFilter: '' }, {}))),
  bad('EM-4', 'low', /IMAP uses STARTTLS/, 'channels', channel(email({ imapSecurity: 'starttls' }, {}))),
  bad(
    'EM-4.links',
    'medium',
    /evil\.example/,
    'channels',
    channel(email({}, { suspiciousLinks: ['evil.example'] })),
  ),
  bad(
    'EM-4.lookalike',
    'medium',
    /exarnple\.org/,
    'channels',
    channel(email({}, { lookAlikes: ['a@exarnple.org'] })),
  ),
  bad('OPS-3b', 'low', /Ann on telegram was last seen 31 days ago/, 'access', {
    stale: [{ key: 'telegram:7:1', name: 'Ann', channel: 'telegram', days: 31 }],
  }),
  bad('OPS-3c', 'high', /3 different accounts/, 'access', {
    sharedCodes: [{ codeId: 'c', channel: 'telegram', triedBy: 3 }],
  }),
  bad('IDN-1', 'medium', /Ann, Bob/, 'access', {
    manyNames: [{ key: 'telegram:7:1', names: ['Ann', 'Bob'] }],
  }),
  bad('ACC-7', 'medium', /no authenticator/, 'access', { unsecured: [{ key: 'telegram:7:1', name: 'Ann' }] }),
  bad('INI-3a', 'high', /~\/\.ssh is taken off/, 'policy', {
    user: { protectedPaths: { exceptions: ['~/.ssh'] } },
  }),
  bad('INI-3b', 'high', /costPerTask is switched off/, 'policy', {
    ...development,
    user: { budgets: { costPerTask: null } },
  }),
  bad('INI-3c', 'medium', /iterationsPerTask is 100000/, 'policy', {
    user: { limits: { iterationsPerTask: 100_000 } },
  }),
  bad('INI-4', 'high', /“shell” is set to “allow”/, 'policy', { user: { capabilities: { shell: 'allow' } } }),
  bad('POL-1', 'high', /“bash -c \*” is trusted/, 'policy', {
    user: { trusted: ['npx jest *', 'bash -c *'] },
  }),
  bad('POL-2', 'medium', /mode is “trusted”/, 'policy', { ...development, user: { mode: 'trusted' } }),
  bad('POL-3', 'medium', /rules\[0\]/, 'policy', {
    problems: [{ kind: 'invalid', path: 'rules[0]', message: 'Wrong.', fix: 'Mend it.' }],
  }),
  bad('ENV-PROD.mode', 'medium', /production permits “accept-edits” at most/, 'policy', {
    user: { mode: 'trusted' },
  }),
  bad('ENV-PROD.guardrails', 'high', /costPerTask is switched off, which production/, 'policy', {
    user: { budgets: { costPerTask: null } },
  }),
  bad('ENV-PROD.files', 'medium', /\/srv is listed for write/, 'policy', {
    user: { allowedPaths: [{ path: '/srv', access: 'write' }] },
  }),
  bad('ENV-PROD.debug', 'medium', /set to “debug”/, 'policy', { logLevel: 'debug' }),
  bad('ENV-SHARED.memory', 'high', /“group” leave memory tools on/, 'policy', {
    profile: 'shared',
    ceiling: PROFILE_CEILINGS.shared,
    user: { contexts: { group: { deniedToolGroups: [] } } },
  }),
  bad('INI-4.grants', 'low', /Ann: npm test\. Not used for 40 days/, 'grants', {
    unused: [{ id: 'g', name: 'Ann', what: 'npm test', days: 40 }],
  }),
  bad('MT-2', 'medium', /msteams\/appPassword is 91 days old/, 'credentials', {
    overdue: [{ name: 'msteams/appPassword', ageDays: 91 }],
  }),
  bad('SEC-3', 'high', /about 20 bits/, 'credentials', { weak: [{ name: 'line/secret', bits: 20 }] }),
  bad('SEC-3', 'high', /have the same value/, 'credentials', {
    shared: [['line/secret', 'slack/signingSecret']],
  }),
  bad('FAQ-2', 'low', /encrypted file/, 'credentials', {
    health: { level: 'file', passedOver: [], rotateAfterDays: 90 },
  }),
  bad('HOST-1', 'high', /others can read/, 'machine', { loose: [{ path: '/s', mode: 0o755, folder: true }] }),
  bad('HOST-2', 'high', /folder of Dropbox/, 'machine', {
    synced: [{ path: '/h/Dropbox/s', what: 'storage', service: 'Dropbox' }],
  }),
  bad('HOST-3', 'high', /Claude Code/, 'machine', {
    agents: [
      { product: 'Claude Code', setting: 'claudeCode.allowDangerouslySkipPermissions', value: 'true' },
    ],
  }),
  bad('BOX-1', 'medium', /Process/, 'machine', {
    sandbox: { wanted: 'process', label: 'Process', isolated: false, tested: 'It runs.', rejected: [] },
  }),
  bad('BOX-1', 'high', /No sandbox works/, 'machine', {
    sandbox: { wanted: 'auto', label: 'None', isolated: false, tested: undefined, rejected: [] },
  }),
  bad('BOX-2', 'high', /--privileged/, 'machine', { containerOptions: ['--privileged'] }),
  bad('BOX-2', 'high', /10\.0\.0\.1:2375/, 'machine', { dockerHost: '10.0.0.1:2375' }),
  bad('BOX-3', 'medium', /LD_PRELOAD/, 'machine', { environment: ['LANG', 'LD_PRELOAD'] }),
  bad('NET-1', 'high', /0\.0\.0\.0:8080, without encryption/, 'machine', {
    listening: [{ what: 'The webhook server', address: '0.0.0.0:8080', encrypted: false }],
  }),
  bad('SET-1', 'medium', /pairing\.codeSeconds” is 3600/, 'machine', {
    prototypes: [{ key: 'pairing.codeSeconds', value: '3600', why: 'Long.' }],
  }),
  bad('ENV-SHARED.sandbox', 'high', /would run in: Process/, 'machine', {
    profile: 'shared',
    sandbox: { wanted: 'process', label: 'Process', isolated: false, tested: 'It runs.', rejected: [] },
  }),
  bad(
    'SEC-2',
    'critical',
    /channels\.telegram\.apiRoot” holds what looks like a Telegram bot token/,
    'machine',
    { secretSettings: [{ key: 'channels.telegram.apiRoot', kind: 'a Telegram bot token' }] },
  ),
  bad(
    'SEC-1',
    'critical',
    /\.npmrc, line 2: this looks like an npm token, and it is in the repository/,
    'repository',
    { secrets: [{ file: '.npmrc', line: 2, kind: 'an npm token', tracked: true }] },
  ),
  bad('POL-4', 'medium', /cowork\.mode” does not count/, 'repository', {
    settings: [{ file: '.vscode/settings.json', line: 2, key: 'cowork.mode' }],
  }),
  bad('POL-4', 'medium', /profile/, 'repository', {
    loosening: [{ file: '.cowork/policy.jsonc', line: 2, path: 'profile', message: 'It was ignored.' }],
  }),
  bad('POL-5', 'medium', /not JSON/, 'repository', {
    invalid: [{ file: '.cowork/policy.jsonc', line: 2, path: '', message: 'It is not JSON.' }],
  }),
  bad('BOX-2.folder', 'medium', /privileged/, 'repository', {
    containers: [{ file: 'compose.yaml', line: 4, option: 'the container is privileged' }],
  }),
  bad('OPS-2', 'high', /wrong pairing code/, 'activity', {
    noticed: [
      {
        pattern: 'many-failed-pairings',
        subject: 'telegram',
        text: '3 accounts tried a wrong pairing code.',
        count: 3,
        at: 1,
      },
    ],
  }),
  bad('OPS-2', 'medium', /tasks/, 'activity', {
    noticed: [{ pattern: 'task-burst', subject: 'telegram:7:1', text: '10 tasks.', count: 10, at: 1 }],
  }),
  bad('OPS-4', 'medium', /1\.0\.0 is installed; the marketplace has 1\.1\.0/, 'update', {
    last: { status: 'newer', installed: '1.0.0', latest: '1.1.0', source: 'the marketplace' },
  }),
];
