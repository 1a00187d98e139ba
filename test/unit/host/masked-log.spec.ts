import assert from 'node:assert/strict';
import type { LogOutputChannel } from 'vscode';
import { Masking } from '../../../src/engine/vault/masking';
import { maskedLog } from '../../../src/host/masked-log';

describe('the log of the extension', () => {
  it('[FAQ-2] shows no secret, whoever writes it and however', () => {
    const lines: string[] = [];
    const note = (...parts: readonly unknown[]) => void lines.push(parts.join(' '));
    const writers = ['trace', 'debug', 'info', 'warn', 'error', 'append', 'appendLine', 'replace'] as const;
    const shown: string[] = [];
    const channel = {
      name: 'CoWork OS',
      show: () => void shown.push('show'),
      ...Object.fromEntries(writers.map((name) => [name, note])),
    } as LogOutputChannel;
    const masking = new Masking();
    const log = maskedLog(channel, masking);
    masking.learn('telegram/botToken', 'canary-of-the-log');
    for (const name of writers) log[name]('the canary-of-the-log here');
    log.error(new Error('canary-of-the-log'), 'and', { toString: () => 'canary-of-the-log' });
    assert.equal(lines.length, writers.length + 1);
    assert.ok(!lines.join().includes('canary-of-the-log'));
    assert.ok(lines.every((line) => line.includes('‹secret telegram/botToken›')));
    log.show();
    assert.deepEqual([log.name, shown], ['CoWork OS', ['show']]);
  });
});
