import { isAbsolute } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { AuditApi } from './api';
import { canonicalJson, type VerifyReport } from './journal';
import { EngineError } from './model/error';
import { masked } from './model/masked';
import type { MaskingService } from './model/ports';
import type { AnyRecord } from './model/record';
import type { AuditFilter, AuditReceipt, VerifyResult } from './model/views';
import { type AuditQuery, MAX_PAGE } from './store/query';
import type { Store } from './store/types';

const PAGE = 100;

/**
 * The audit as the views read it, over the store's queries. What became a secret after it was recorded is masked
 * here, on its way out (law 6).
 */
export function auditOf(store: Store, masking: MaskingService): AuditApi {
  const shown = (record: AnyRecord): AnyRecord =>
    ({ ...record, data: masked(record.data, masking) }) as AnyRecord;
  return {
    async query(filter, { beforeSeq, limit = PAGE } = {}) {
      const page = await store.query({
        ...queryOf(filter),
        ...(beforeSeq === undefined ? {} : { before: beforeSeq }),
        limit: Math.min(limit, MAX_PAGE),
      });
      return {
        records: page.records.map(shown),
        total: page.total.count,
        ...(page.next === undefined ? {} : { nextBeforeSeq: page.next }),
      };
    },
    async verify(progress, signal) {
      return resultOf(await store.verify((checked) => progress?.(checked), signal));
    },
    async record(seq) {
      const found = await store.record(seq);
      if (!found) return undefined;
      const record = shown(found);
      return { record, raw: canonicalJson(record) };
    },
    receipt: (seq) => receiptOf(store, shown, seq),
    async export(filter, format, destination, progress, signal) {
      if (!isAbsolute(destination)) throw new EngineError('An export needs the full path of a file.');
      const request = { format, target: destination, filter: queryOf(filter), secrets: masking.known() };
      try {
        return await store.export(request, {
          ...(progress ? { onProgress: progress } : {}),
          ...(signal ? { signal } : {}),
        });
      } catch (error) {
        if (signal?.aborted) throw new EngineError('The export was stopped. Nothing was written.');
        throw new EngineError(`The export to ${destination} failed: ${masking.mask(reasonOf(error))}`);
      }
    },
    aggregates: (filter, { bucket = 'hour', signal } = {}) =>
      store.aggregates({ ...queryOf(filter), bucket }, signal),
  };
}

/** A receipt shows its record to the letter, so one that holds a secret cannot have any. */
async function receiptOf(
  store: Store,
  shown: (record: AnyRecord) => AnyRecord,
  seq: number,
): Promise<AuditReceipt> {
  const record = await store.record(seq);
  if (!record) throw new EngineError(`There is no record ${seq}.`);
  if (!isDeepStrictEqual(shown(record), record)) {
    throw new EngineError(
      `Record ${seq} holds a credential that was given away before it was stored. A receipt would give it away again: rotate the credential first.`,
    );
  }
  const receipt = await store.receipt(seq).catch((error: unknown) => {
    throw new EngineError(`There is no receipt for record ${seq}: ${reasonOf(error)}`);
  });
  if (!receipt) throw new EngineError(`There is no record ${seq}.`);
  const { proof, publicKey, head } = receipt;
  return {
    record,
    raw: canonicalJson(record),
    proof,
    head: { seq: head.seq, at: head.at, root: head.root, key: head.key },
    publicKey,
    file: `${JSON.stringify(receipt, null, 2)}\n`,
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
