import type { AuditFilter } from '../engine/api';
import type { EventType } from '../engine/model/events';
import { EFFECTS, FILTER_KEYS, type FilterKey, filterWords } from './protocol/filter-words';
import { t } from './protocol/l10n';

/**
 * Every type of record, for the filter and its completion. The type makes the compiler complain when one is missing.
 */
const TYPES: Readonly<Record<EventType, true>> = {
  'engine.started': true,
  'engine.stopped': true,
  'engine.paused': true,
  'engine.resumed': true,
  'engine.notice': true,
  'posture.found': true,
  'posture.cleared': true,
  'posture.score': true,
  'posture.accepted': true,
  'posture.reopened': true,
  'posture.fixed': true,
  'posture.fix.undone': true,
  'posture.acknowledged': true,
  'posture.withdrawn': true,
  'upkeep.done': true,
  'upkeep.snoozed': true,
  'upkeep.dismissed': true,
  'update.checked': true,
  'pattern.noticed': true,
  'channel.enabled': true,
  'channel.disabled': true,
  'channel.state': true,
  'channel.identity': true,
  'channel.facts': true,
  'channel.event': true,
  'webhook.request': true,
  'message.received': true,
  'message.refused': true,
  'message.dropped': true,
  'reply.queued': true,
  'reply.sent': true,
  'reply.failed': true,
  'access.mode': true,
  'access.allowlist': true,
  'access.code.issued': true,
  'access.code.extended': true,
  'access.code.ended': true,
  'access.attempt': true,
  'access.locked': true,
  'access.prompted': true,
  'access.admitted': true,
  'access.conversation.admitted': true,
  'access.conversation.removed': true,
  'access.suspended': true,
  'access.restored': true,
  'access.revoked': true,
  'access.role': true,
  'access.note': true,
  'access.remoteApproval': true,
  'task.created': true,
  'task.state': true,
  'decision.made': true,
  'approval.requested': true,
  'approval.resolved': true,
  'grant.added': true,
  'grant.used': true,
  'grant.removed': true,
  'action.started': true,
  'action.finished': true,
  'action.interrupted': true,
  'restore.started': true,
  'restore.finished': true,
  'egress.destination': true,
  'egress.refused': true,
  'settings.changed': true,
  'secret.event': true,
};
export const EVENT_TYPES: readonly EventType[] = (Object.keys(TYPES) as EventType[]).sort();

/** The text of a filter box, understood; or the term that was not, with a sentence on what to write instead. */
export type ParsedFilter =
  | { readonly ok: true; readonly filter: AuditFilter }
  | { readonly ok: false; readonly term: string; readonly message: string };

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

class BadTerm extends Error {
  constructor(
    readonly term: string,
    message: string,
  ) {
    super(message);
  }
}

interface Term {
  readonly source: string;
  readonly key: FilterKey | undefined;
  readonly value: string;
}

function terms(text: string): Term[] {
  return filterWords(text).map(({ source, name, value }) =>
    name === undefined ? { source, key: undefined, value } : keyed(source, name, value),
  );
}

function keyed(source: string, name: string, value: string): Term {
  const key = FILTER_KEYS.find((known) => known === name.toLowerCase());
  if (key === undefined) {
    throw new BadTerm(
      source,
      t(
        'There is no filter called “{0}”. Use one of: {1}. To look for the words, put them in quotes.',
        name,
        FILTER_KEYS.join(', '),
      ),
    );
  }
  if (value === '') throw new BadTerm(source, t('Write something after “{0}:”.', key));
  return { source, key, value };
}

function eventTypes(term: Term): EventType[] {
  const wanted = term.value.toLowerCase();
  const found = EVENT_TYPES.filter((type) => `${type.toLowerCase()}.`.startsWith(`${wanted}.`));
  if (found.length > 0) return found;
  const near = EVENT_TYPES.filter((type) => type.toLowerCase().includes(wanted));
  throw new BadTerm(
    term.source,
    near.length > 0
      ? t('There is no record type “{0}”. Did you mean {1}?', term.value, near.slice(0, 3).join(', '))
      : t('There is no record type “{0}”. For example: {1}.', term.value, 'message, decision.made, action'),
  );
}

function effect(term: Term): NonNullable<AuditFilter['effect']> {
  const value = EFFECTS.find((known) => known === term.value.toLowerCase());
  if (value !== undefined) return value;
  throw new BadTerm(term.source, t('An effect is allow, ask or deny, not “{0}”.', term.value));
}

/** `2d` is two days before `now`; `2026-11-23` and `2026-11-23T14:30` are local times. Milliseconds since the epoch. */
function moment(term: Term, now: number): number {
  const relative = /^(\d{1,5})([mhdw])$/i.exec(term.value);
  if (relative !== null) {
    const unit = UNIT_MS[(relative[2] ?? '').toLowerCase()] ?? 0;
    return now - Number(relative[1]) * unit;
  }
  const absolute = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d))?$/.exec(term.value);
  if (absolute !== null) {
    const [year, month, day, hour, minute] = absolute.slice(1).map((part) => Number(part ?? 0)) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const date = new Date(year, month - 1, day, hour, minute);
    if (
      date.getFullYear() === year &&
      date.getMonth() === month - 1 &&
      date.getDate() === day &&
      hour < 24 &&
      minute < 60
    ) {
      return date.getTime();
    }
  }
  throw new BadTerm(
    term.source,
    t('“{0}” is not a time. Write 30m, 12h, 2d, 1w, 2026-11-23 or 2026-11-23T14:30.', term.value),
  );
}

/**
 * Reads the text of the filter box. `now` is what `after:2d` counts from, in milliseconds since the epoch.
 * Terms narrow each other; a key that may be given once and is given twice is an error, except `type`.
 */
export function parseAuditFilter(text: string, now: number): ParsedFilter {
  const filter: { -readonly [K in keyof AuditFilter]: AuditFilter[K] } = {};
  const words: string[] = [];
  const types: EventType[] = [];
  const seen = new Set<FilterKey>();
  try {
    for (const term of terms(text)) {
      if (term.key === undefined) {
        words.push(term.value);
        continue;
      }
      if (term.key !== 'type' && seen.has(term.key)) {
        throw new BadTerm(term.source, t('“{0}:” may be there once only.', term.key));
      }
      seen.add(term.key);
      switch (term.key) {
        case 'type':
          types.push(...eventTypes(term));
          break;
        case 'user':
          filter.user = term.value;
          break;
        case 'channel':
          filter.channel = term.value.toLowerCase();
          break;
        case 'tool':
          filter.tool = term.value.toLowerCase();
          break;
        case 'rule':
          filter.ruleId = term.value;
          break;
        case 'task':
          filter.taskId = term.value;
          break;
        case 'effect':
          filter.effect = effect(term);
          break;
        case 'after':
          filter.after = moment(term, now);
          break;
        case 'before':
          filter.before = moment(term, now);
          break;
      }
    }
  } catch (error) {
    if (error instanceof BadTerm) return { ok: false, term: error.term, message: error.message };
    throw error;
  }
  if (filter.after !== undefined && filter.before !== undefined && filter.after > filter.before) {
    return { ok: false, term: 'after:', message: t('“after:” is later than “before:”: nothing can match.') };
  }
  if (types.length > 0) filter.types = [...new Set(types)];
  if (words.length > 0) filter.text = words.join(' ');
  return { ok: true, filter };
}

/** True when nothing is filtered, so that records come without gaps. */
export function isEmptyFilter(filter: AuditFilter): boolean {
  return Object.keys(filter).length === 0;
}
