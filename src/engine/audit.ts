import type { AuditApi } from './api';
import type { VerifyReport } from './journal';
import type { AuditFilter, VerifyResult } from './model/views';
import { type AuditQuery, MAX_PAGE } from './store/query';
import type { Store } from './store/types';

const PAGE = 100;

/** The audit as the views read it, over the store's queries. */
export function auditOf(store: Store): AuditApi {
  return {
    async query(filter, { beforeSeq, limit = PAGE } = {}) {
      const page = await store.query({
        ...queryOf(filter),
        ...(beforeSeq === undefined ? {} : { before: beforeSeq }),
        limit: Math.min(limit, MAX_PAGE),
      });
      return {
        records: page.records,
        total: page.total.count,
        ...(page.next === undefined ? {} : { nextBeforeSeq: page.next }),
      };
    },
    async verify(progress, signal) {
      return resultOf(await store.verify((checked) => progress?.(checked), signal));
    },
  };
}

function queryOf(filter: AuditFilter): AuditQuery {
  const { types, taskId, ruleId, after, before, ...same } = filter;
  return {
    ...same,
    ...(types === undefined || types.length === 0 ? {} : { type: [...types] }),
    ...(taskId === undefined ? {} : { task: taskId }),
    ...(ruleId === undefined ? {} : { rule: ruleId }),
    ...(after === undefined ? {} : { from: after }),
    ...(before === undefined ? {} : { to: before }),
  };
}

function resultOf(report: VerifyReport): VerifyResult {
  const [first] = report.damage;
  if (report.intact || !first) {
    return { intact: true, records: report.records, lastSeq: report.lastSeq, headHash: report.lastHash };
  }
  const { text, segment, line, seq } = first;
  return { intact: false, records: report.records, problem: text, segment, line, seq };
}
