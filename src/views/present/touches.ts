import type { BlastRadius, FileCount } from '../../engine/api';
import { t } from '../protocol/l10n';

/** Names that are listed in one sentence; the rest are counted. */
const LISTED = 5;

/** What an action would touch, one sentence for each kind, the worst first. */
export function touchLines(blast: BlastRadius): string[] {
  const { deleted, overwritten, commitsLost, uncommitted, stashesLost, hosts, unknown } = blast;
  const lines: string[] = [];
  if (deleted.files === 1)
    lines.push(t('1 file would be deleted ({0}): {1}', size(deleted.bytes), some(deleted)));
  if (deleted.files > 1)
    lines.push(t('{0} files would be deleted ({1}): {2}', deleted.files, size(deleted.bytes), some(deleted)));
  if (commitsLost === 1) lines.push(t('1 commit would be lost.'));
  if (commitsLost > 1) lines.push(t('{0} commits would be lost.', commitsLost));
  if (stashesLost === 1) lines.push(t('1 stash would be lost.'));
  if (stashesLost > 1) lines.push(t('{0} stashes would be lost.', stashesLost));
  if (uncommitted.length > 0)
    lines.push(t('Changes that are in no commit would be lost: {0}', names(uncommitted, uncommitted.length)));
  if (overwritten.files === 1)
    lines.push(t('1 file would be written over ({0}): {1}', size(overwritten.bytes), some(overwritten)));
  if (overwritten.files > 1) {
    const { files, bytes } = overwritten;
    lines.push(t('{0} files would be written over ({1}): {2}', files, size(bytes), some(overwritten)));
  }
  if (hosts.length > 0) lines.push(t('Hosts that would be contacted: {0}', hosts.join(', ')));
  if (unknown.length > 0)
    lines.push(t('What this reaches is only known when it runs: {0}', unknown.join('; ')));
  return lines;
}

function some({ examples, files }: FileCount): string {
  return names(examples, files);
}

function names(all: readonly string[], count: number): string {
  const listed = all.slice(0, LISTED);
  const more = count - listed.length;
  return more > 0 ? t('{0} and {1} more', listed.join(', '), more) : listed.join(', ');
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** Bytes as `3.4 MB`; a kilobyte is 1024 bytes. */
function size(bytes: number): string {
  let value = bytes;
  let at = 0;
  while (value >= 1024 && at < UNITS.length - 1) {
    value /= 1024;
    at++;
  }
  return `${at === 0 ? value : value.toFixed(1)} ${UNITS[at] ?? ''}`;
}
