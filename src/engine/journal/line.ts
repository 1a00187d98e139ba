import { isUtf8 } from 'node:buffer';
import { hash as digest } from 'node:crypto';
import type { EventType } from '../model/events';
import type { AnyRecord, NewRecord } from '../model/record';
import { canonicalJson, hasLoneSurrogate, toWellFormed } from './canonical';

/** `prev` of the first record. */
export const NO_HASH = '0'.repeat(64);

/** Longest line that is accepted, in characters; texts and outputs are capped far below it where they arise. */
export const MAX_LINE = 4 * 1024 * 1024;

/** What a caller wants recorded, already in its final form: `data` is canonical JSON. */
export interface Draft {
  readonly type: EventType;
  readonly actor: string;
  readonly subject: string;
  readonly data: string;
}

/** What sealing adds to a draft. */
export interface Seal {
  readonly seq: number;
  readonly at: number;
  readonly prev: string;
  readonly hash: string;
}

/** The end of a chain: what the next record follows. `seq` 0 and 64 zeros for an empty journal. */
export interface ChainEnd {
  readonly seq: number;
  readonly at: number;
  readonly hash: string;
}

export const EMPTY_CHAIN: ChainEnd = { seq: 0, at: 0, hash: NO_HASH };

/** @throws CanonicalError when `data` is not plain JSON; RangeError when the record is longer than `MAX_LINE`. */
export function draft(record: NewRecord): Draft {
  const data = canonicalJson(repaired(record.data));
  if (data.length > MAX_LINE - 4096 || record.actor.length > 1024 || record.subject.length > 1024) {
    throw new RangeError(`This ${record.type} record is too long to be written.`);
  }
  return { type: record.type, actor: repaired(record.actor), subject: repaired(record.subject), data };
}

function repaired<T>(value: T): T {
  if (typeof value === 'string') return hasLoneSurrogate(value) ? toWellFormed(value) : value;
  // Well-formed text never makes JSON.stringify write this escape; an escaped backslash costs only the copy.
  return JSON.stringify(value)?.includes('\\ud') ? toWellFormed(value) : value;
}

/**
 * One line of the journal without its line feed, and the seal. The keys stand in canonical order, so the text that
 * is hashed is the line without its `hash` member.
 */
export function sealLine(item: Draft, end: ChainEnd, now: number): { line: string; seal: Seal } {
  const seq = end.seq + 1;
  const at = Math.max(Math.trunc(now), end.at);
  const before = `{"actor":${JSON.stringify(item.actor)},"at":${at},"data":${item.data},`;
  const after = `"prev":"${end.hash}","seq":${seq},"subject":${JSON.stringify(item.subject)},"type":${JSON.stringify(item.type)}}`;
  const hash = digest('sha256', before + after, 'hex');
  return { line: `${before}"hash":"${hash}",${after}`, seal: { seq, at, prev: end.hash, hash } };
}

/** The record that a draft became. `data` is parsed anew, so a caller's later changes do not reach it. */
export function toRecord(item: Draft, seal: Seal): AnyRecord {
  const data: unknown = JSON.parse(item.data);
  return { ...seal, type: item.type, actor: item.actor, subject: item.subject, data } as AnyRecord;
}

/** What reading one line gives. A `record` with a `fault` parsed, but is not what was once written. */
export interface LineReading {
  readonly record?: AnyRecord;
  /** One clause for a person: "its content does not match its hash". */
  readonly fault?: string;
}

const HASH_KEY = '"hash":"';
const HEX64 = /^[0-9a-f]{64}$/;

/**
 * Reads one line (without line feed) and checks it byte by byte against its own hash.
 *
 * The top-level `hash` member is the last `"hash":"` of the line: after it come only `prev`, `seq`, `subject` and
 * `type`, and inside a string a quote is always escaped. What remains without it is what was hashed, so no byte of
 * the line can differ from what was written, the way it is escaped included.
 */
export function readLine(bytes: Buffer): LineReading {
  if (!isUtf8(bytes)) return { fault: 'it holds bytes that are not text' };
  const text = bytes.toString('utf8');
  const record = parseRecord(text);
  if (!record) return { fault: 'it is not a record' };
  const start = text.lastIndexOf(HASH_KEY);
  const end = start + HASH_KEY.length + 64 + 2;
  const stated = text.slice(start, end);
  if (start < 0 || stated !== `"hash":"${record.hash}",`)
    return { record, fault: 'its hash is not where it belongs' };
  if (digest('sha256', text.slice(0, start) + text.slice(end), 'hex') !== record.hash) {
    return { record, fault: 'its content does not match its hash' };
  }
  return { record };
}

/** Parses a line without checking its hash: for reading back what was verified before. */
export function parseRecord(text: string): AnyRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isRecord(value) ? value : undefined;
}

function isRecord(value: unknown): value is AnyRecord {
  if (typeof value !== 'object' || value === null) return false;
  const r = value as Partial<Record<string, unknown>>;
  return (
    Object.keys(value).length === 8 &&
    Number.isSafeInteger(r.seq) &&
    Number(r.seq) >= 1 &&
    Number.isSafeInteger(r.at) &&
    typeof r.type === 'string' &&
    typeof r.actor === 'string' &&
    typeof r.subject === 'string' &&
    typeof r.data === 'object' &&
    r.data !== null &&
    typeof r.prev === 'string' &&
    HEX64.test(r.prev) &&
    typeof r.hash === 'string' &&
    HEX64.test(r.hash)
  );
}
