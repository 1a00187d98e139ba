import type { AnyRecord } from './model/record';
import { type AuditQuery, MAX_PAGE } from './store/query';
import type { Store } from './store/types';

/** A task may be decided about long after it was created. Milliseconds: the longest that a task may last. */
const TASK_LEAD_MS = 7 * 86_400_000;

/** More decisions than this are not held in memory at once: some tens of megabytes. */
const MOST_RECORDS = 60_000;

export interface History {
  /** Oldest first. */
  readonly records: readonly AnyRecord[];
  /** False when there were more than can be held, or it was cancelled. */
  readonly whole: boolean;
}

/**
 * What `pastDecisions` needs to know of the time since `since` (milliseconds since the epoch), page by page; with
 * `approvals` also what was asked and answered in that time.
 */
export async function historySince(
  store: Store,
  since: number,
  signal?: AbortSignal,
  approvals = false,
): Promise<History> {
  const people = await allPages(store, { type: ['access.admitted', 'access.role'] }, signal);
  const work = await allPages(
    store,
    { type: ['decision.made', 'task.created', 'message.received'], from: since - TASK_LEAD_MS },
    signal,
  );
  const asked = approvals
    ? await allPages(store, { type: ['approval.requested', 'approval.resolved'], from: since }, signal)
    : { records: [], whole: true };
  return {
    records: [...people.records, ...work.records, ...asked.records].sort((a, b) => a.seq - b.seq),
    whole: people.whole && work.whole && asked.whole,
  };
}

/** What `pastDecisions` needs to know of one decision; undefined when the record is none. */
export async function historyOf(store: Store, seq: number): Promise<readonly AnyRecord[] | undefined> {
  const [decision] = (await store.query({ before: seq + 1, limit: 1 })).records;
  if (decision?.seq !== seq || decision.type !== 'decision.made') return undefined;
  const { taskId } = decision.data;
  const created = (await allPages(store, { task: taskId, type: 'task.created' })).records;
  const [task] = created;
  if (task?.type !== 'task.created') return [decision];
  const { user } = task.data;
  const people = await allPages(store, { user, type: ['access.admitted', 'access.role'], before: seq });
  const page = await store.query({ type: 'message.received', before: task.seq, limit: MAX_PAGE });
  return [...people.records, ...page.records, ...created, decision].sort((a, b) => a.seq - b.seq);
}

async function allPages(store: Store, query: AuditQuery, signal?: AbortSignal): Promise<History> {
  const records: AnyRecord[] = [];
  let before = query.before;
  for (;;) {
    if (signal?.aborted || records.length >= MOST_RECORDS) return { records, whole: false };
    const page = await store.query({
      ...query,
      ...(before === undefined ? {} : { before }),
      limit: MAX_PAGE,
    });
    for (const record of page.records) records.push(light(record));
    if (page.next === undefined) return { records, whole: true };
    before = page.next;
  }
}

/** Without the text of messages: only where they were said matters here. */
function light(record: AnyRecord): AnyRecord {
  if (record.type !== 'message.received') return record;
  return { ...record, data: { ...record.data, text: '' } };
}
