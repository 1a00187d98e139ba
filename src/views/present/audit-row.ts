import type { Facts } from '../../engine/model/facts';
import { parseIdentityKey } from '../../engine/model/identity';
import { type AnyRecord, ENGINE, OWNER_AT_DESK } from '../../engine/model/record';
import type { AuditRow } from '../protocol/audit';
import { t } from '../protocol/l10n';

/** Longer summaries do not fit on a row; the detail pane has everything. In UTF-16 units. */
const SUMMARY_LIMIT = 300;

export function actorText(actor: string): string {
  if (actor === OWNER_AT_DESK) return t('you');
  if (actor === ENGINE) return t('engine');
  try {
    const identity = parseIdentityKey(actor);
    return `${identity.sender} (${identity.channel})`;
  } catch {
    return actor;
  }
}

function factsText(facts: Facts): string {
  return Object.entries(facts)
    .map(([name, value]) => `${name} = ${Array.isArray(value) ? value.join(' ') : String(value)}`)
    .join(', ');
}

/** What happened, in one line. */
function summary(record: AnyRecord): string {
  switch (record.type) {
    case 'engine.started':
      return record.data.recovered === undefined
        ? t('Started, version {0}', record.data.version)
        : t(
            'Started, version {0}; {1} bytes of a torn record were cut',
            record.data.version,
            record.data.recovered.bytesCut,
          );
    case 'engine.stopped':
    case 'engine.paused':
    case 'engine.resumed':
      return record.data.reason;
    case 'engine.notice':
      return record.data.text;
    case 'posture.found':
      return t('Found: {0}', record.data.evidence);
    case 'posture.cleared':
      return t('No longer found: {0}', record.data.finding);
    case 'posture.score':
      return t('Score of the Checklist: {0}', record.data.score);
    case 'posture.accepted':
      return t('Risk accepted: {0} ({1})', record.data.finding, record.data.reason);
    case 'posture.reopened':
      return t('Risk no longer accepted: {0} ({1})', record.data.finding, record.data.reason);
    case 'posture.fixed':
      return t('Changed for the Checklist: {0} ({1})', record.data.place, record.data.title);
    case 'posture.fix.undone':
      return t('Change undone: {0}', record.data.finding);
    case 'posture.acknowledged':
      return record.data.statement;
    case 'posture.withdrawn':
      return t('No longer acknowledged: {0} {1}', record.data.what, record.data.subject);
    case 'upkeep.done':
      return sentence(t('Regular work done: {0}', record.data.task), record.data.detail);
    case 'upkeep.snoozed':
      return t('Reminder put off: {0}', record.data.task);
    case 'upkeep.dismissed':
      return sentence(t('Left out this time: {0}', record.data.task), record.data.reason);
    case 'update.checked':
      return record.data.detail;
    case 'pattern.noticed':
      return t('Unusual: {0}', record.data.text);
    case 'channel.enabled':
      return t('{0} was switched on', record.data.channel);
    case 'channel.disabled':
      return t('{0} was switched off: {1}', record.data.channel, record.data.reason);
    case 'channel.state':
      return sentence(`${record.data.channel}: ${record.data.state}`, record.data.detail);
    case 'channel.identity':
      return t('{0} is {1}', record.data.channel, record.data.name);
    case 'channel.facts':
      return t('{0} said of itself: {1}', record.data.channel, factsText(record.data.facts));
    case 'channel.event':
      return sentence(record.data.channel, record.data.text);
    case 'webhook.request':
      return record.data.outcome === 'accepted'
        ? t('Webhook of {0} accepted: {1}', record.data.channel, record.data.reason)
        : t(
            '{0} × webhook of {1} refused with {2}: {3}',
            record.data.count,
            record.data.channel || '?',
            record.data.status,
            record.data.reason,
          );
    case 'message.received':
      return record.data.text;
    case 'message.refused':
      return record.data.reason;
    case 'message.dropped':
      return t('{0} dropped: {1}', record.data.count, record.data.reason);
    case 'reply.queued':
      return record.data.text;
    case 'reply.sent':
      return t('Reply delivered');
    case 'reply.failed':
      return record.data.error;
    case 'access.mode':
      return `${record.data.channel}, ${record.data.context}: ${record.data.mode}`;
    case 'access.allowlist':
      return t(
        '{0}, {1}: {2} people, {3} rooms',
        record.data.channel,
        record.data.context,
        record.data.senders.length,
        record.data.conversations.length,
      );
    case 'access.code.issued':
      return t(
        'Pairing code for {0}, {1}, role {2}',
        record.data.channel,
        record.data.context,
        record.data.role,
      );
    case 'access.code.extended':
      return t('Pairing code extended');
    case 'access.code.ended':
      return t('Pairing code ended: {0}', record.data.reason);
    case 'access.attempt':
      return t('A code was tried on {0}', record.data.channel);
    case 'access.locked':
      return t('{0} is locked out', actorText(record.data.sender));
    case 'access.prompted':
      return t('{0} was told how to get in ({1})', actorText(record.data.sender), record.data.reason);
    case 'access.admitted':
      return t('{0} was let in as {1} ({2})', record.data.displayName, record.data.role, record.data.how);
    case 'access.conversation.admitted':
      return t('Room {0} was let in ({1})', record.data.conversation, record.data.how);
    case 'access.conversation.removed':
      return t('Room {0} was removed: {1}', record.data.conversation, record.data.reason);
    case 'access.suspended':
      return t('{0} was suspended: {1}', actorText(record.data.user), record.data.reason);
    case 'access.restored':
      return t('{0} was restored: {1}', actorText(record.data.user), record.data.reason);
    case 'access.revoked':
      return t('{0} was revoked: {1}', actorText(record.data.user), record.data.reason);
    case 'access.role':
      return t('{0} is now {1}', actorText(record.data.user), record.data.role);
    case 'access.note':
      return t('Note on {0}: {1}', actorText(record.data.user), record.data.note);
    case 'access.remoteApproval':
      return record.data.enabled
        ? t('{0} may answer approvals from the chat', actorText(record.data.user))
        : t('{0} may no longer answer approvals from the chat', actorText(record.data.user));
    case 'task.created':
      return record.data.title;
    case 'task.state':
      return sentence(record.data.state, record.data.detail);
    case 'decision.made':
      return `${record.data.effect}: ${record.data.action}`;
    case 'approval.requested':
    case 'action.started':
      return record.data.action;
    case 'approval.resolved':
      return t('{0} by {1}', record.data.outcome, actorText(record.data.by));
    case 'grant.added':
      return t('Grant ({0}) for {1}', record.data.scope, actorText(record.data.user));
    case 'grant.used':
      return t('Grant used');
    case 'grant.removed':
      return t('Grant removed: {0}', record.data.reason);
    case 'action.finished':
      return finished(record.data);
    case 'action.interrupted':
      return t('It may have run; it is not run again');
    case 'restore.started':
      return t('Restore of {0}', record.data.path);
    case 'restore.finished':
      return record.data.error ?? t('{0} was restored', record.data.path);
    case 'egress.destination':
      return t('First connection to {0}:{1} ({2})', record.data.host, record.data.port, record.data.purpose);
    case 'egress.refused':
      return t(
        'Connection to {0}:{1} refused ({2}): {3}',
        record.data.host,
        record.data.port,
        record.data.purpose,
        record.data.reason,
      );
    case 'settings.changed':
      return `${record.data.key} (${record.data.scope})`;
    case 'secret.event':
      return sentence(`${record.data.name}: ${record.data.event}`, record.data.detail);
  }
}

function sentence(text: string, detail: string): string {
  return detail === '' ? text : `${text}. ${detail}`;
}

function finished(data: Extract<AnyRecord, { type: 'action.finished' }>['data']): string {
  const end =
    data.error ??
    (typeof data.exitCode === 'number'
      ? t('exit code {0}', data.exitCode)
      : data.ok
        ? t('done')
        : t('failed'));
  return data.output === '' ? end : `${end} · ${data.output}`;
}

function tone(record: AnyRecord): AuditRow['tone'] {
  switch (record.type) {
    case 'decision.made':
      return record.data.effect === 'deny' ? 'bad' : record.data.effect === 'ask' ? 'warn' : 'good';
    case 'approval.resolved':
      return record.data.outcome === 'approved' ? 'good' : 'warn';
    case 'action.finished':
    case 'restore.finished':
      return record.data.ok ? 'good' : 'bad';
    case 'access.revoked':
    case 'access.suspended':
    case 'access.locked':
    case 'pattern.noticed':
    case 'posture.found':
    case 'reply.failed':
    case 'message.refused':
    case 'message.dropped':
    case 'action.interrupted':
    case 'engine.paused':
    case 'engine.notice':
      return 'warn';
    case 'access.admitted':
      return 'good';
    default:
      return 'plain';
  }
}

/** Keys of a record's data under which a channel or a task may stand. */
function field(record: AnyRecord, name: 'channel' | 'taskId'): string | undefined {
  const value: unknown = (record.data as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'string' ? value : undefined;
}

function oneLine(text: string): string {
  const line = text.length > SUMMARY_LIMIT ? `${text.slice(0, SUMMARY_LIMIT)}…` : text;
  return line.replace(/\s+/g, ' ').trim();
}

/** What happened, cut to what a row holds. */
export function recordLine(record: AnyRecord): string {
  return oneLine(summary(record));
}

/** A record as a row of the audit table. */
export function toAuditRow(record: AnyRecord): AuditRow {
  const taskId = field(record, 'taskId');
  return {
    seq: record.seq,
    at: record.at,
    type: record.type,
    actor: actorText(record.actor),
    channel: field(record, 'channel') ?? '',
    summary: recordLine(record),
    tone: tone(record),
    ...(taskId === undefined ? {} : { taskId }),
  };
}

/** The whole record as it is read in the detail pane. */
export function recordText(record: AnyRecord): string {
  return JSON.stringify(record, undefined, 2);
}
