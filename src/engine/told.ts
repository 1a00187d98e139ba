import type { AnyRecord } from './model/record';
import type { Store } from './store/types';
import type { HistoryPort } from './tools/history';

/** What one person said and had done, out of the record. */
export function historyOf(store: Pick<Store, 'query'>): HistoryPort {
  return {
    async search(user, words, limit) {
      const { records } = await store.query({
        type: ['message.received', 'action.started'],
        user,
        text: words,
        limit,
      });
      return records.flatMap((record) => {
        const text = entryText(record);
        // The filter of the audit also finds what is about a person; this is only what is theirs.
        return text !== undefined && record.actor === user ? [{ at: record.at, text }] : [];
      });
    },
  };
}

function entryText(record: AnyRecord): string | undefined {
  switch (record.type) {
    // The search itself would always be the newest thing that is found.
    case 'message.received':
      return /^\s*\/history\b/i.test(record.data.text) ? undefined : record.data.text;
    case 'action.started':
      if (record.data.tool === 'history.search') return undefined;
      return `${record.data.taskId}: ${record.data.action}`;
    default:
      return undefined;
  }
}
