/**
 * Every command of the extension. The manifest declares the same ones (a test compares both ways), and the table
 * of handlers in `commands/index.ts` has one for each or does not compile.
 */
export const COMMAND_IDS = [
  'cowork.approvals.review',
  'cowork.approvals.deny',
  'cowork.approvals.denyAll',
  'cowork.audit.open',
  'cowork.audit.openFor',
  'cowork.audit.verify',
  'cowork.channels.add',
  'cowork.channels.enterToken',
  'cowork.channels.connect',
  'cowork.channels.disconnect',
  'cowork.channels.remove',
  'cowork.channels.setMode',
  'cowork.channels.editAllowlist',
  'cowork.channels.showSetup',
  'cowork.conversations.remove',
  'cowork.credentials.rotate',
  'cowork.pairing.generate',
  'cowork.pairing.show',
  'cowork.pairing.rotate',
  'cowork.pairing.extend',
  'cowork.pairing.cancel',
  'cowork.users.revoke',
  'cowork.users.suspend',
  'cowork.users.restore',
  'cowork.users.setRole',
  'cowork.users.allowRemoteApproval',
  'cowork.users.forbidRemoteApproval',
  'cowork.users.setUpAuthenticator',
  'cowork.users.removeAuthenticator',
  'cowork.users.setNote',
  'cowork.users.copyId',
  'cowork.users.accessDocument',
  'cowork.tasks.open',
  'cowork.tasks.cancel',
  'cowork.tasks.forceStop',
  'cowork.chat.openLocal',
  'cowork.log.show',
  'cowork.walkthrough.open',
  'cowork.settings.open',
  'cowork.defaults.review',
  'cowork.permissions.review',
  'cowork.engine.retry',
  'cowork.policy.simulate',
  'cowork.policy.explain',
  'cowork.policy.preApprove',
  'cowork.policy.showEffective',
  'cowork.webhook.copyAddress',
  'cowork.webhook.checkReach',
  'cowork.webhook.renewAddress',
  'cowork.pause',
  'cowork.resume',
  'cowork.resume.protect',
] as const;
export type CommandId = (typeof COMMAND_IDS)[number];

/** The views of the container, in the order in which they stand. */
export const VIEW_IDS = ['cowork.approvals', 'cowork.channels', 'cowork.users', 'cowork.tasks'] as const;
export type ViewId = (typeof VIEW_IDS)[number];

/** Context keys that `when` clauses of the manifest may use. */
export const CONTEXT_KEYS = [
  'cowork.state',
  'cowork.hasPending',
  'cowork.hasUsers',
  'cowork.hasCodes',
  'cowork.hasActiveTasks',
  'cowork.defaultsReviewed',
  'cowork.permissionsReviewed',
  'cowork.pairingTested',
] as const;
export type ContextKey = (typeof CONTEXT_KEYS)[number];
