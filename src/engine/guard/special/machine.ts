import { guessOf, Tag } from '../value';
import type { Special } from './types';

/** `ps -e -o pid= | xargs kill`, `Get-Process | Stop-Process`: all that runs is ended. */
export const endsEverything: Special = (facts) => {
  const named = facts.words.some((word) => word.tags & Tag.everything);
  if (named || (facts.simple.piped && facts.stdin.tags & Tag.everything))
    facts.reported.push('process.kill-all');
  // `Get-Service WinDefend | Stop-Service`: the names come through the pipe.
  const names = facts.simple.piped ? (facts.stdin.text ?? '') : '';
  if (facts.name === 'stop-service' && /^(?:windefend|mpssvc|wscsvc|sense|eventlog)$/im.test(names))
    facts.reported.push('system.protections-off');
  if (
    facts.name === 'stop-process' &&
    /^(?:csrss|wininit|lsass|winlogon|smss|services|svchost)$/im.test(names)
  )
    facts.reported.push('process.kill-all');
};

/** `schtasks /create /tr "line"`: the line, looked at now. */
export const taskScheduler: Special = (facts, _state, run) => {
  const at = facts.words.findIndex((word) => /^[/-]tr$/i.test(word.shape));
  const line = at < 0 ? undefined : guessOf(facts.words[at + 1]);
  if (line === undefined) return;
  facts.executes.push(line);
  run(line.replace(/^["']|["']$/g, ''), undefined, 'cmd');
};

/** `wmic process call create "line"`, here or on another machine. */
export const wmic: Special = (facts, _state, run) => {
  const at = facts.words.findIndex((word) => word.shape.toLowerCase() === 'create');
  if (at < 2 || !/\bprocess\b.*\bcall\s+create\b/i.test(facts.text)) return;
  const line = facts.words
    .slice(at + 1)
    .map((word) => guessOf(word) ?? '')
    .join(' ')
    .replace(/^["']|["']$/g, '');
  facts.executes.push(line);
  run(line, undefined, 'cmd');
};
