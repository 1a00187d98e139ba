import type { ApprovalView, CodeView, TaskView, UserView } from '../../../src/engine/api';

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
