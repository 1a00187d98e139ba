import assert from 'node:assert/strict';
import type { EngineApi } from '../../../src/engine/api';
import { Emitter } from '../../../src/engine/model/emitter';
import type { ChannelViewItem, EngineState, ViewsHost } from '../../../src/views/ports';
import { FakeEditor, withEditor } from './editor';
import { approval, code, posture, task, user } from './views';

export const editor = new FakeEditor();
const { registerViews } = withEditor(
  editor,
  (require) => require('../../../src/views/register') as typeof import('../../../src/views/register'),
);

/** What was asked of the engine or the channels, with what. */
export type Call = readonly [string, ...unknown[]];

/** An engine of which every call is written down. With people, tasks, codes and requests, or with nothing in it. */
export function engineWith(
  content: 'full' | 'empty',
  phase: 'ready' | 'paused',
  calls: Call[],
  enrolled: ReadonlySet<string> = new Set(),
): EngineApi {
  const full = content === 'full';
  const note =
    (name: string, answer: unknown = undefined) =>
    async (...args: readonly unknown[]) => {
      calls.push([name, ...args]);
      return answer;
    };
  const api = {
    onChange: new Emitter<never>().event,
    status: () => ({
      phase,
      detail: '',
      pendingApprovals: 0,
      activeTasks: 0,
      sandbox: { label: '', isolated: false },
    }),
    pause: note('pause'),
    resume: note('resume'),
    users: {
      list: () => (full ? [user(), user({ key: 'telegram:7:85', state: 'suspended' })] : []),
      mode: () => 'pairing',
      allowlist: () => ({ senders: ['1', '2'], conversations: [] }),
      conversations: () =>
        full
          ? [
              {
                key: 'k',
                ref: { channel: 'telegram', account: '7', conversation: '-1' },
                admittedAt: 1,
                how: 'paired',
              },
            ]
          : [],
      accessDocument: () => '# Access',
      revoke: note('revoke'),
      suspend: note('suspend'),
      restore: note('restore'),
      setRole: note('setRole'),
      setNote: note('setNote'),
      setRemoteApproval: note('setRemoteApproval'),
      setMode: note('setMode'),
      setAllowlist: note('setAllowlist'),
      removeConversation: note('removeConversation'),
    },
    stepUp: {
      isEnrolled: (holder: string) => enrolled.has(holder),
      begin: () => ({ uri: 'otpauth://totp/x?secret=SECRETKEY', secret: 'SECRETKEY' }),
      confirm: note('confirm'),
      verify: note('verify', { ok: true }),
      remove: note('remove'),
    },
    pairing: {
      live: () => (full ? [code(), code({ codeId: 'c2', context: 'group' })] : []),
      onWrongTry: new Emitter<never>().event,
      issue: note('issue', { code: 'ABCDEF', view: code() }),
      rotate: note('rotate', { code: 'GHJKLM', view: code() }),
      extend: note('extend'),
      cancel: note('cancelCode'),
    },
    approvals: { pending: () => (full ? [approval()] : []), approve: note('approve'), deny: note('deny') },
    tasks: {
      list: () => (full ? [task()] : []),
      get: (id: string) => (full && id === 't1' ? task() : undefined),
      onOutput: new Emitter<never>().event,
      cancel: note('cancelTask'),
      forceStop: note('forceStop'),
    },
    policy: {
      onChange: new Emitter<void>().event,
      effective: note('effective', []),
      simulate: note('simulate', {
        considered: 3,
        matched: 1,
        wouldAutoRun: 1,
        wouldAsk: 0,
        wouldBlock: 0,
        changed: 1,
        examples: [
          { at: 1, tool: 'run', action: 'npm `test`', recorded: 'ask', before: 'ask', after: 'allow' },
        ],
        complete: true,
        candidate: { kind: 'rule', rule: { effect: 'allow', command: 'npm test *' } },
        days: 30,
      }),
      explain: note('explain', {
        tool: 'run',
        action: 'npm test',
        at: 1,
        decided: { effect: 'ask', layer: 'mode', ruleId: 'mode.ask', reasons: ['Asks.'] },
        asOf: 'then',
        effect: 'ask',
        layers: [{ layer: 'mode', effect: 'ask', ruleId: 'mode.ask', reason: 'Asks.' }],
        alter: ['Approve it.'],
      }),
      commandSets: async () => [
        { kind: 'reading', name: '', patterns: ['ls *'], covers: ['ls'], leavesOut: ['rm'] },
      ],
      commandSet: note('commandSet'),
      preApprove: note('preApprove'),
    },
    audit: {
      query: note('query', { records: [], total: 0 }),
      verify: note('verify', { intact: true, records: 0, lastSeq: 0, headHash: '' }),
    },
    posture: {
      report: () => (full ? posture() : posture({ findings: [], reminders: [], checklists: [], fixes: [] })),
      history: () => [],
      refresh: note('lookAgain'),
      accept: note('accept'),
      reopen: note('reopen'),
      acknowledge: note('acknowledge'),
      withdraw: note('withdraw'),
      isAcknowledged: () => false,
      preview: async () => ({ title: 'Ask again', place: 'cowork.mode', before: 'trusted', after: 'ask' }),
      fix: note('fix', { ...posture().fixes[0] }),
      undo: note('undo'),
      gate: async (id: string) => (id === 'slack' ? posture().checklists.slice(0, 1) : []),
      complete: note('complete'),
      snooze: note('snooze'),
      dismiss: note('dismiss'),
      profileChanges: async () => [
        { what: 'Mode in force', before: 'trusted', after: 'accept-edits', stricter: true },
      ],
      setProfile: note('setProfile'),
      checkForUpdates: note('checkForUpdates', { status: 'unknown', detail: 'Nobody could be asked.' }),
      removeGrant: note('removeGrant'),
    },
    vault: {
      health: async () => ({
        level: 'editor',
        passedOver: [],
        rotateAfterDays: 90,
        credentials: [
          {
            name: 'telegram/botToken',
            kind: 'issued',
            createdAt: 1,
            rotatedAt: 1,
            ageDays: 120,
            overdue: true,
          },
        ],
      }),
    },
  };
  // Only what the commands call; the rest of the engine is not there.
  return api as unknown as EngineApi;
}

/** What no message may show. */
export const HIDDEN = 'a-secret-in-an-error';

export function channel(changes: Partial<ChannelViewItem>): ChannelViewItem {
  return {
    id: 'telegram',
    name: 'Telegram',
    icon: 'send',
    summary: '',
    enabled: true,
    builtIn: false,
    state: 'online',
    detail: '',
    contexts: ['dm', 'group'],
    allowedModes: ['pairing', 'allowlist', 'open', 'disabled'],
    pending: 0,
    called: false,
    secrets: [{ name: 'botToken', label: 'Bot token', help: '', stored: true, optional: false }],
    setup: ['Do this.'],
    health: [],
    links: [{ label: 'Page', url: 'https://example.org/page' }],
    ...changes,
  };
}

/** The views in an editor that answers as the test says, over this engine. */
export function openViews(state: EngineState, engine: EngineApi | undefined, calls: Call[]) {
  editor.shown.length = 0;
  editor.executed.length = 0;
  editor.panels.length = 0;
  editor.clipboard.length = 0;
  editor.commands.clear();
  const errors: string[] = [];
  const note =
    (name: string, answer: unknown = undefined) =>
    async (...args: readonly unknown[]) => {
      calls.push([name, ...args]);
      return answer;
    };
  const host = {
    context: {
      extensionUri: '/extension',
      extension: { packageJSON: { version: '1.2.3' } },
      workspaceState: { get: () => undefined, update: async () => undefined },
      globalState: { get: (_key: string, otherwise: unknown) => otherwise, update: async () => undefined },
    },
    log: {
      error: (text: unknown) => void errors.push(String(text)),
      warn: () => undefined,
      show: () => undefined,
    },
    pages: { of: () => ({ script: '', style: '' }) },
    mask: (text: string) => text.replaceAll(HIDDEN, '‹secret›'),
    engine: () => engine,
    engineState: { get: () => state, onChange: new Emitter<never>().event },
    retry: note('retry'),
    channels: {
      list: () => [
        channel({ id: 'local', name: 'Local chat', builtIn: true, secrets: [] }),
        channel({}),
        channel({ id: 'slack', name: 'Slack', enabled: false, state: 'off' }),
      ],
      onChange: new Emitter<void>().event,
      enable: note('enable'),
      connect: note('connect'),
      disconnect: note('disconnect'),
      remove: note('remove'),
      validateSecret: () => undefined,
      test: note('test', { name: 'bot', isBot: true }),
      missingSettings: () => [],
      settingField: (_id: string, key: string) => ({
        key,
        description: 'Where it is.',
        choices: [],
        list: false,
        value: '',
      }),
      validateSetting: () => undefined,
      setSetting: note('setSetting'),
      setSecrets: note('setSecrets', { name: 'bot', isBot: true }),
      rotateSecret: note('rotateSecret', { name: 'bot', isBot: true }),
      pairingLink: () => undefined,
      webhook: async (id: string) =>
        id === 'telegram' ? { url: 'https://own.example/secret-path', isPublic: true } : undefined,
      checkReach: note('checkReach', { kind: 'reached', host: 'own.example' }),
      renewWebhook: note('renewWebhook'),
      openLocalChat: note('openLocalChat'),
    },
  };
  // Only what the views ask for when they are registered and run.
  const views = registerViews(host as unknown as ViewsHost);
  const run = (id: string, ...args: readonly unknown[]) => {
    const command = editor.commands.get(id);
    assert.ok(command !== undefined, `${id} is not registered`);
    return command(...args);
  };
  return { run, errors, views };
}
