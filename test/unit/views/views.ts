import type { ApprovalView, CodeView, TaskView, UserView } from '../../../src/engine/api';
import type { Finding, PostureReport } from '../../../src/engine/model/posture';

/** What the engine shows, as plain objects, for tests of the views alone. */
export function approval(): ApprovalView {
  return {
    id: 'a1',
    taskId: 't1',
    requestedAt: 1000,
    expiresAt: 301_000,
    who: { key: 'telegram:7:84', displayName: 'Ada', role: 'member' },
    where: { channel: 'telegram', account: '7', conversation: '84', context: 'dm' },
    message: '/run npm test',
    tool: 'run',
    action: 'npm test',
    cwd: '/w',
    envNames: ['PATH'],
    files: [],
    hosts: [],
    parts: [{ text: 'npm test', summary: 'runs a script', risk: 'medium' }],
    marks: [],
    taint: [],
    decision: {
      effect: 'ask',
      layer: 'mode',
      ruleId: 'mode.ask',
      reasons: ['Every command is asked about.'],
      remedies: [],
      verdicts: [],
      obligations: [],
    },
    sandbox: { label: 'process', isolated: false },
    bindingHash: 'b'.repeat(64),
    scopes: [{ scope: 'once', allows: 'Runs it once.' }],
  };
}

export function user(changes: Partial<UserView> = {}): UserView {
  return {
    key: 'telegram:7:84',
    channel: 'telegram',
    account: '7',
    sender: '84',
    displayName: 'Ada',
    role: 'member',
    state: 'active',
    how: 'paired',
    context: 'dm',
    admittedAt: 1000,
    lastSeenAt: 2000,
    note: '',
    remoteApproval: { enabled: false, ownRequests: false },
    ...changes,
  };
}

export function task(changes: Partial<TaskView> = {}): TaskView {
  return {
    id: 't1',
    user: 'telegram:7:84',
    displayName: 'Ada',
    channel: 'telegram',
    account: '7',
    conversation: '84',
    title: '/run npm test',
    state: 'running',
    detail: '',
    createdAt: 1000,
    denials: 0,
    actions: [],
    ...changes,
  };
}

export function code(changes: Partial<CodeView> = {}): CodeView {
  return {
    codeId: 'c1',
    channel: 'telegram',
    context: 'dm',
    role: 'member',
    issuedAt: Date.now(),
    expiresAt: Date.now() + 300_000,
    wrongTries: 0,
    triedByCount: 0,
    ...changes,
  };
}

export function finding(changes: Partial<Finding> = {}): Finding {
  return {
    id: 'POL-2',
    rule: 'POL-2',
    family: 'policy',
    severity: 'medium',
    title: 'The mode asks before something is changed',
    why: 'It runs unseen.',
    evidence: 'The mode is “trusted”.',
    docs: 'docs/policy.md',
    fix: { kind: 'setting', title: 'Ask again', key: 'mode', value: 'ask' },
    ...changes,
  };
}

export function posture(changes: Partial<PostureReport> = {}): PostureReport {
  return {
    profile: 'development',
    score: 74,
    open: { critical: 0, high: 1, medium: 1, low: 0, info: 0 },
    findings: [
      finding({
        id: 'INI-2:telegram',
        rule: 'INI-2',
        severity: 'high',
        subject: 'telegram',
        title: 'The bot has an account of its own',
        fix: {
          kind: 'command',
          title: 'Enter the token of a bot account',
          command: 'cowork.channels.enterToken',
          arguments: ['telegram'],
        },
      }),
      finding(),
    ],
    unknown: [],
    reminders: [
      {
        task: 'audit',
        state: 'due',
        dueAt: 1000,
        detail: 'It was never verified.',
        command: 'cowork.audit.verify',
      },
    ],
    checklists: [
      {
        id: 'first-use.pairing',
        list: 'first-use',
        title: 'Tested the pairing flow',
        state: 'open',
        evidence: 'Nobody was let in by a code yet.',
        command: 'cowork.pairing.generate',
      },
      {
        id: 'maintenance.audit',
        list: 'maintenance',
        title: 'Check the audit log',
        state: 'open',
        evidence: 'It was never verified.',
        command: 'cowork.audit.verify',
      },
    ],
    fixes: [
      {
        id: 'f1',
        finding: 'POL-2',
        at: 1,
        title: 'Ask again',
        place: 'cowork.mode',
        before: '"trusted"',
        after: '"ask"',
      },
    ],
    update: null,
    ...changes,
  };
}
