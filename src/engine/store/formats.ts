import { canonicalJson } from '../journal';
import type { AnyRecord } from '../model/record';
import type { Columns } from './columns';
import type { Described } from './filter';
import type { ExportFormat } from './requests';

/** Writes records in one format: `head` once, then `line` a record, each with its line end. */
export interface Encoder {
  head(): string;
  line(item: Described): string;
}

/** `version` is the product's, as the journal itself tells it. */
export function encoder(format: ExportFormat, version: () => string): Encoder {
  switch (format) {
    case 'jsonl':
      return { head: () => '', line: ({ record }) => `${canonicalJson(record)}\n` };
    case 'csv':
      return { head: () => csvLine(CSV_COLUMNS), line: (item) => csvLine(csvCells(item)) };
    case 'cef':
      return { head: () => '', line: (item) => `${cef(item, version())}\n` };
    case 'ocsf':
      return { head: () => '', line: (item) => `${JSON.stringify(ocsf(item, version()))}\n` };
  }
}

const VENDOR = 'CoWork OS';
const PRODUCT = 'CoWork OS for VS Code';

const CSV_COLUMNS = [
  'seq',
  'time',
  'type',
  'actor',
  'subject',
  'user',
  'channel',
  'task',
  'tool',
  'effect',
  'rule',
  'data',
  'hash',
];

function csvCells({ record, columns }: Described): string[] {
  return [
    String(record.seq),
    new Date(record.at).toISOString(),
    record.type,
    record.actor,
    record.subject,
    columns.user ?? '',
    columns.channel ?? '',
    columns.task ?? '',
    columns.tool ?? '',
    columns.effect ?? '',
    columns.rule ?? '',
    canonicalJson(record.data),
    record.hash,
  ];
}

/** RFC 4180. A cell that a spreadsheet would take for a formula gets a quote before it (OWASP, CSV injection). */
function csvLine(cells: readonly string[]): string {
  const quoted = cells.map((cell) => {
    const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${quoted.join(',')}\r\n`;
}

/** How much a person should mind, as OCSF counts: 1 informational, 2 low, 3 medium, 4 high. */
function severity(record: AnyRecord, columns: Columns): 1 | 2 | 3 | 4 {
  if (record.type === 'access.locked' || record.type === 'engine.paused') return 4;
  if (columns.effect === 'deny' || record.type === 'message.refused' || record.type === 'access.attempt')
    return 3;
  if (columns.effect === 'ask' || (record.type === 'action.finished' && !record.data.ok)) return 2;
  return 1;
}

/** ArcSight Common Event Format, version 0 (implementation standard, rev. 26). */
function cef({ record, columns }: Described, version: string): string {
  const head = [
    'CEF:0',
    VENDOR,
    PRODUCT,
    version,
    record.type,
    record.type,
    String(severity(record, columns) * 2),
  ];
  const fields: [string, string | undefined][] = [
    ['rt', String(record.at)],
    ['externalId', String(record.seq)],
    ['suser', columns.user ?? record.actor],
    ['act', columns.effect],
    ['cs1Label', columns.channel && 'channel'],
    ['cs1', columns.channel],
    ['cs2Label', columns.task && 'task'],
    ['cs2', columns.task],
    ['cs3Label', columns.tool && 'tool'],
    ['cs3', columns.tool],
    ['cs4Label', columns.rule && 'rule'],
    ['cs4', columns.rule],
    ['cs5Label', 'hash'],
    ['cs5', record.hash],
    // The standard's limit for msg.
    ['msg', columns.text.trim().slice(0, 1023)],
  ];
  const extension = fields
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value]) => `${key}=${cefValue(value ?? '')}`)
    .join(' ');
  const [first, ...rest] = head;
  return `${[first, ...rest.map(cefHeader)].join('|')}|${extension}`;
}

function cefHeader(text: string): string {
  return text.replace(/[\\|]/g, '\\$&').replace(/[\r\n]+/g, ' ');
}

function cefValue(text: string): string {
  return text.replace(/[\\=]/g, '\\$&').replace(/\r\n|\r|\n/g, '\\n');
}

/** Class, activity and category of the Open Cybersecurity Schema Framework 1.3 for a type of record. */
function ocsfClass(type: string): { class_uid: number; category_uid: number; activity_id: number } {
  const account = ACCOUNT_ACTIVITIES[type];
  if (account !== undefined) return { class_uid: 3001, category_uid: 3, activity_id: account };
  if (type === 'access.attempt') return { class_uid: 3002, category_uid: 3, activity_id: 1 };
  if (type === 'action.started') return { class_uid: 1007, category_uid: 1, activity_id: 1 };
  if (type === 'action.finished' || type === 'action.interrupted') {
    return { class_uid: 1007, category_uid: 1, activity_id: 2 };
  }
  return { class_uid: 6003, category_uid: 6, activity_id: 99 };
}

/** Account Change (3001): 1 create, 2 enable, 5 disable, 6 delete, 7 attach policy, 9 lock. */
const ACCOUNT_ACTIVITIES: Readonly<Record<string, number>> = {
  'access.admitted': 1,
  'access.restored': 2,
  'access.suspended': 5,
  'access.revoked': 6,
  'access.role': 7,
  'access.remoteApproval': 7,
  'access.locked': 9,
};

function ocsf({ record, columns }: Described, version: string): object {
  const kind = ocsfClass(record.type);
  const user = { uid: columns.user ?? record.actor };
  const data = record.data as Readonly<Record<string, unknown>>;
  return {
    ...kind,
    type_uid: kind.class_uid * 100 + kind.activity_id,
    ...(kind.activity_id === 99 ? { activity_name: record.type } : {}),
    time: record.at,
    severity_id: severity(record, columns),
    ...ocsfStatus(record, columns),
    message: columns.text.trim(),
    metadata: {
      version: '1.3.0',
      product: { name: PRODUCT, vendor_name: VENDOR, ...(version === '' ? {} : { version }) },
      event_code: record.type,
      sequence: record.seq,
      uid: record.hash,
      ...(columns.task === undefined ? {} : { correlation_uid: columns.task }),
    },
    actor: { user },
    ...(kind.category_uid === 3 ? { user: { uid: record.subject || user.uid } } : {}),
    ...(kind.class_uid === 1007
      ? {
          device: { type_id: 0 },
          process: { cmd_line: text(data.action), working_directory: text(data.cwd) },
        }
      : {}),
    ...(kind.class_uid === 6003
      ? { api: { operation: columns.tool ?? record.type }, src_endpoint: { name: columns.channel ?? 'desk' } }
      : {}),
    unmapped: { data, prev: record.prev },
  };
}

/** 1 success, 2 failure, 0 unknown. */
function ocsfStatus(record: AnyRecord, columns: Columns): { status_id: number } {
  if (columns.effect !== undefined)
    return { status_id: columns.effect === 'allow' ? 1 : columns.effect === 'deny' ? 2 : 0 };
  if (record.type === 'action.finished') return { status_id: record.data.ok ? 1 : 2 };
  if (record.type === 'access.attempt' || record.type === 'message.refused') return { status_id: 2 };
  return { status_id: 1 };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
