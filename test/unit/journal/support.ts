import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { draft, GroupCommit, type JournalFs, nodeFs, SegmentJournal } from '../../../src/engine/journal';
import type { AnyRecord, NewRecord } from '../../../src/engine/model/record';

/** A fresh directory that is removed after the test which asked for it. */
export function scratch(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'cowork-journal-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function note(n: number, text = `note ${n}`): NewRecord<'engine.notice'> {
  return { type: 'engine.notice', actor: 'engine', subject: '', data: { code: `n${n}`, text } };
}

export interface OpenOptions {
  readonly fs?: JournalFs;
  readonly segmentRecords?: number;
  readonly now?: () => number;
  readonly leaseToken?: string;
}

export function journalIn(directory: string, options: OpenOptions = {}): SegmentJournal {
  return new SegmentJournal({
    directory,
    label: 'test workspace',
    clock: { now: options.now ?? (() => Date.now()) },
    ...(options.fs ? { fs: options.fs } : {}),
    ...(options.segmentRecords ? { segmentRecords: options.segmentRecords } : {}),
    ...(options.leaseToken ? { leaseToken: options.leaseToken } : {}),
  });
}

/** Writes records 1 to `count` and closes. */
export async function fill(directory: string, count: number, options: OpenOptions = {}): Promise<void> {
  const journal = journalIn(directory, options);
  await journal.open();
  const group = new GroupCommit(journal);
  await Promise.all(Array.from({ length: count }, (_, i) => group.append(draft(note(i + 1)))));
  await journal.close();
}

export async function readAll(journal: SegmentJournal, from = 1): Promise<AnyRecord[]> {
  const records: AnyRecord[] = [];
  for await (const batch of journal.read(from)) records.push(...batch.map((stored) => stored.record));
  return records;
}

export function segmentFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.jsonl') && name !== 'heads.jsonl')
    .sort();
}

export function linesOf(directory: string, segment: string): string[] {
  return readFileSync(join(directory, segment), 'utf8').split('\n').slice(0, -1);
}

export function writeLines(directory: string, segment: string, lines: readonly string[]): void {
  writeFileSync(join(directory, segment), lines.map((line) => `${line}\n`).join(''));
}

/** A disk on which single calls can be made to fail. */
export class FaultyFs {
  /** Called before each call with its name; throws to fail it. */
  before: (call: keyof JournalFs, path: string) => void = () => {};
  /** Bytes that the next write takes before it fails with ENOSPC; undefined takes all. */
  room: number | undefined;
  private readonly paths = new Map<number, string>();

  readonly fs: JournalFs = {
    ...nodeFs,
    open: (path, how, mode) => {
      this.before('open', path);
      const fd = nodeFs.open(path, how, mode);
      this.paths.set(fd, path);
      return fd;
    },
    write: (fd, bytes) => {
      this.before('write', this.paths.get(fd) ?? '');
      if (this.room !== undefined) {
        if (this.room === 0) throw systemError('ENOSPC');
        const part = bytes.subarray(0, Math.min(this.room, bytes.byteLength));
        this.room -= part.byteLength;
        return nodeFs.write(fd, part);
      }
      return nodeFs.write(fd, bytes);
    },
    sync: (fd) => {
      this.before('sync', this.paths.get(fd) ?? '');
      nodeFs.sync(fd);
    },
    syncDirectory: (path) => {
      this.before('syncDirectory', path);
      nodeFs.syncDirectory(path);
    },
    truncate: (fd, length) => {
      this.before('truncate', this.paths.get(fd) ?? '');
      nodeFs.truncate(fd, length);
    },
    rename: (from, to) => {
      this.before('rename', to);
      nodeFs.rename(from, to);
    },
    link: (from, to) => {
      this.before('link', to);
      nodeFs.link(from, to);
    },
    remove: (path) => {
      this.before('remove', path);
      nodeFs.remove(path);
    },
  };
}

export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}
