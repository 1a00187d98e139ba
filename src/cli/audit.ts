import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { readPublicKey, type VerifyReport, verifyDirectory } from '../engine/journal';
import { headSchema } from '../engine/journal/heads';
import { receiptFault } from '../engine/journal/receipt';
import { masked } from '../engine/model/masked';
import type { AnyRecord } from '../engine/model/record';
import {
  backupDirectory,
  exportDirectory,
  lastRecords,
  mustBeJournal,
  receiptFrom,
} from '../engine/store/offline';
import { EXPORT_FORMATS, type ExportFilter, exportFilterSchema } from '../engine/store/requests';
import { keyInDirectory, restoreBackup } from '../engine/store/restore';
import { Masking } from '../engine/vault/masking';

/** Where text goes; tests pass their own. */
export interface AuditIo {
  out(text: string): void;
  err(text: string): void;
  /** Variables of the process; only COWORK_PASSPHRASE is read. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export const AUDIT_USAGE = `Look at the record of everything that was asked, decided and done. DIR is its folder, or a copy of it.

  cowork audit verify DIR             check every record; the exact place of any damage
      --key FILE                      the public key as known from elsewhere (default: the one in DIR)
      --head FILE                     the last signed head as remembered elsewhere (JSON)
      --json                          the report as one line of JSON
  cowork audit tail DIR               the newest records
      -n, --lines N                   how many (default: 20)
      --json                          as lines of JSON
  cowork audit query DIR              the newest records that match, as with tail, and:
      --user KEY  --channel ID  --task ID  --tool NAME  --effect allow|ask|deny  --rule ID
      --type TYPE (may be repeated)  --from TIME  --to TIME  --text WORDS
  cowork audit export DIR             all records that match, oldest first; filters as with query, and:
      --format ${EXPORT_FORMATS.join('|')}     (default: jsonl)
      --out FILE                      (default: standard output)
  cowork audit receipt DIR SEQ        proof that one record is in the record, for someone without it
      --key FILE  --out FILE
  cowork audit receipt --check FILE   check such a proof; --key FILE for the key as known from elsewhere
  cowork audit backup DIR FILE        one encrypted file; the passphrase comes from COWORK_PASSPHRASE
      --passphrase-file FILE          or from the first line of a file
  cowork audit restore FILE DIR       unpack it into an empty folder and verify every record

TIME is a date (2026-01-31, 2026-01-31T12:00Z) or milliseconds since 1970. Exit code: 0 intact or done, 1 damaged or
failed, 2 wrong usage.
`;

/** Without the vault it is not known what is secret by value; shapes of well-known keys are masked all the same. */
const SHAPES = new Masking();

class UsageError extends Error {}

type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
type Run = (places: readonly string[], values: Values, io: AuditIo) => Promise<number>;

const text = { type: 'string' } as const;
const FILTERS = {
  user: text,
  channel: text,
  task: text,
  tool: text,
  effect: text,
  rule: text,
  type: { type: 'string', multiple: true },
  from: text,
  to: text,
  text,
} as const;
const LIST = { lines: { type: 'string', short: 'n' }, json: { type: 'boolean' } } as const;

const COMMANDS: Readonly<
  Record<string, { options: ParseArgsOptionsConfig; places: readonly number[]; run: Run }>
> = {
  verify: { options: { key: text, head: text, json: { type: 'boolean' } }, places: [1], run: verify },
  tail: { options: LIST, places: [1], run: list },
  query: { options: { ...LIST, ...FILTERS }, places: [1], run: list },
  export: { options: { ...FILTERS, format: text, out: text }, places: [1], run: exportAll },
  receipt: { options: { key: text, out: text, check: text }, places: [0, 2], run: receipt },
  backup: { options: { 'passphrase-file': text }, places: [2], run: backup },
  restore: { options: { 'passphrase-file': text, json: { type: 'boolean' } }, places: [2], run: restore },
};

/** Runs `cowork audit …`. @returns the exit code, as the usage text says */
export async function audit(args: readonly string[], io: AuditIo): Promise<number> {
  const [name = '', ...rest] = args;
  if (name === '--help' || name === '-h' || name === 'help') {
    io.out(AUDIT_USAGE);
    return 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    io.err(
      `${name === '' ? 'Say what to do with the record.' : `There is no "audit ${name}".`}\n\n${AUDIT_USAGE}`,
    );
    return 2;
  }
  try {
    const { values, positionals } = parse(rest, command.options);
    if (!command.places.includes(positionals.length))
      throw new UsageError(`"audit ${name}" needs other arguments.`);
    return await command.run(positionals, values, io);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    io.err(error instanceof UsageError ? `${message}\n\n${AUDIT_USAGE}` : `${message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

function parse(
  args: readonly string[],
  options: ParseArgsOptionsConfig,
): { values: Values; positionals: string[] } {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function journalAt(place: string | undefined): string {
  const directory = resolve(place ?? '.');
  try {
    mustBeJournal(directory);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  return directory;
}

function given(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

function keyFile(values: Values) {
  const path = given(values, 'key');
  if (path === undefined) return undefined;
  try {
    return readPublicKey(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(
      `The key in ${path} cannot be read: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function headFile(values: Values) {
  const path = given(values, 'head');
  if (path === undefined) return undefined;
  try {
    return headSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    throw new UsageError(`${path} is not a signed head.`);
  }
}

async function verify([place]: readonly string[], values: Values, io: AuditIo): Promise<number> {
  const directory = journalAt(place);
  const known = keyFile(values);
  const publicKey = known ?? keyInDirectory(directory);
  const rememberedHead = headFile(values);
  const report = await verifyDirectory(directory, {
    ...(publicKey ? { publicKey } : {}),
    ...(rememberedHead ? { rememberedHead } : {}),
  });
  const notes = [...report.notes];
  if (!known && publicKey)
    notes.push('The key was taken from the folder itself: who can write there can replace it.');
  return tellReport({ ...report, notes }, values.json === true, io);
}

function tellReport(report: VerifyReport, json: boolean, io: AuditIo): number {
  if (json) {
    io.out(`${JSON.stringify(report)}\n`);
    return report.intact ? 0 : 1;
  }
  for (const { text: what } of report.damage) io.out(`DAMAGED  ${what}\n`);
  const more = report.damageCount - report.damage.length;
  if (more > 0) io.out(`DAMAGED  and ${more} more.\n`);
  if (report.intact) {
    const range = report.records === 0 ? '' : `, ${report.firstSeq} to ${report.lastSeq}`;
    io.out(
      `Intact: ${report.records} records${range}, ${report.heads} signed heads. Last hash ${report.lastHash || 'none'}.\n`,
    );
  } else {
    io.out(
      `Not intact: ${report.damageCount} ${report.damageCount === 1 ? 'place' : 'places'} in ${report.records} records.\n`,
    );
  }
  for (const note of report.notes) io.out(`Note: ${note}\n`);
  return report.intact ? 0 : 1;
}

function filterFrom(values: Values): ExportFilter {
  const filter: Record<string, unknown> = {};
  for (const name of ['user', 'channel', 'task', 'tool', 'effect', 'rule', 'text', 'type'] as const) {
    if (values[name] !== undefined) filter[name] = values[name];
  }
  for (const name of ['from', 'to'] as const) {
    const value = given(values, name);
    if (value === undefined) continue;
    const at = /^\d+$/.test(value) ? Number(value) : Date.parse(value);
    if (Number.isNaN(at)) throw new UsageError(`"${value}" is not a time.`);
    filter[name] = at;
  }
  const parsed = exportFilterSchema.safeParse(filter);
  if (parsed.success) return parsed.data;
  throw new UsageError(
    parsed.error.issues.map((issue) => `--${issue.path.join('.')}: ${issue.message}`).join('\n'),
  );
}

async function list([place]: readonly string[], values: Values, io: AuditIo): Promise<number> {
  const directory = journalAt(place);
  const lines = given(values, 'lines') ?? '20';
  if (!/^\d{1,6}$/.test(lines)) throw new UsageError(`"${lines}" is not a number of lines.`);
  for (const found of await lastRecords(directory, filterFrom(values), Number(lines))) {
    const record = { ...found, data: masked(found.data, SHAPES) } as AnyRecord;
    io.out(values.json === true ? `${JSON.stringify(record)}\n` : plainLine(record));
  }
  return 0;
}

/** Control characters would otherwise let a recorded text rewrite the terminal that shows it. */
function plainLine(record: AnyRecord): string {
  const line = `${record.seq}\t${new Date(record.at).toISOString()}\t${record.type}\t${record.actor}\t${record.subject}\t${JSON.stringify(record.data)}`;
  return `${line.replace(/[^\P{C}\t]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)}\n`;
}

async function exportAll([place]: readonly string[], values: Values, io: AuditIo): Promise<number> {
  const directory = journalAt(place);
  const wanted = given(values, 'format') ?? 'jsonl';
  const format = EXPORT_FORMATS.find((name) => name === wanted);
  if (!format) throw new UsageError(`"${wanted}" is not a format: ${EXPORT_FORMATS.join(', ')}.`);
  const shape = { format, filter: filterFrom(values), masker: SHAPES };
  const out = given(values, 'out');
  if (out !== undefined) writeFileSync(out, '', { mode: 0o600 });
  const write = (part: string) =>
    out === undefined ? io.out(part) : writeFileSync(out, part, { flag: 'a' });
  const { records, masked: hidden } = await exportDirectory(directory, shape, write);
  if (out !== undefined) io.err(`${records} records written to ${out}.\n`);
  if (hidden > 0) {
    io.err(
      `${hidden} of them held what looks like a key. It is masked, so these lines do not match their hash.\n`,
    );
  }
  return 0;
}

async function receipt([place, number]: readonly string[], values: Values, io: AuditIo): Promise<number> {
  const check = given(values, 'check');
  if ((check === undefined) !== (place !== undefined))
    throw new UsageError('Give a folder and a number, or --check FILE.');
  if (check !== undefined) return checkReceipt(check, values, io);
  if (!/^[1-9]\d*$/.test(number ?? '')) throw new UsageError(`"${number}" is not the number of a record.`);
  const made = `${JSON.stringify(await receiptFrom(journalAt(place), Number(number), keyFile(values)), null, 2)}\n`;
  const out = given(values, 'out');
  if (out === undefined) io.out(made);
  else writeFileSync(out, made, { mode: 0o600 });
  return 0;
}

function checkReceipt(path: string, values: Values, io: AuditIo): number {
  let made: unknown;
  try {
    made = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw new UsageError(`${path} is not a receipt.`);
  }
  const key = keyFile(values);
  const fault = receiptFault(made, key);
  if (fault !== undefined) {
    io.out(`DAMAGED  ${fault}\n`);
    return 1;
  }
  io.out('The receipt holds: this record is in the record that the head was signed for.\n');
  if (!key) io.out('Note: checked with the key in the receipt itself. Give the key you know with --key.\n');
  return 0;
}

function passphrase(values: Values, io: AuditIo): string {
  const path = given(values, 'passphrase-file');
  const found = path === undefined ? io.env?.COWORK_PASSPHRASE : readFileSync(path, 'utf8').split(/\r?\n/)[0];
  if (!found) throw new UsageError('Give the passphrase in COWORK_PASSPHRASE or with --passphrase-file.');
  return found;
}

async function backup([place, target = '']: readonly string[], values: Values, io: AuditIo): Promise<number> {
  await backupDirectory(journalAt(place), resolve(target), passphrase(values, io));
  io.out(`Backed up to ${resolve(target)}. Without the passphrase nobody can read it, you included.\n`);
  return 0;
}

async function restore(
  [source = '', place]: readonly string[],
  values: Values,
  io: AuditIo,
): Promise<number> {
  const report = await restoreBackup(resolve(source), resolve(place ?? '.'), passphrase(values, io));
  return tellReport(report, values.json === true, io);
}
