import { guessOf } from '../value';
import type { Special } from './types';
import { asShell } from './words';

/** Options of these programs that take a value, apart from those that carry the command. */
const TAKES = /^-[wgxlthpfonNXe]$|^--(?:host|hosts|user|timeout|par|option|group|outdir|errdir)$/;

/** `ansible all -m shell -a 'line'`, `salt '*' cmd.run 'line'`, `pdsh -a line`: a line for many machines. */
export const remoteRun: Special = (facts, _state, run) => {
  const texts = facts.words.map((word) => guessOf(word) ?? '');
  if (facts.name === 'ansible') {
    const at = texts.findIndex((text) => text === '-a' || text === '--args');
    const module = texts[texts.findIndex((text) => text === '-m' || text === '--module-name') + 1] ?? '';
    const line = at < 0 ? undefined : texts[at + 1];
    const gone = /\bstate=absent\b/.test(line ?? '')
      ? /\b(?:path|dest|name)=(\S+)/.exec(line ?? '')?.[1]
      : undefined;
    if (gone !== undefined && /file$/.test(module)) run(`rm -rf ${gone}`);
    const plain = !texts.includes('-m') && !texts.includes('--module-name');
    if (line !== undefined && (plain || /^(?:ansible\.builtin\.)?(?:shell|command|raw|script)$/.test(module)))
      run(line.replace(/^(?:cmd=|\w+=\S+\s+)/, ''));
    return;
  }
  if (facts.name === 'adb') {
    const at = texts.findIndex((text) => text === 'shell' || text === 'exec-out');
    if (at >= 0)
      run(
        facts.words
          .slice(at + 1)
          .map((word) => guessOf(word) ?? '')
          .join(' '),
      );
    return;
  }
  if (facts.name === 'salt' || facts.name === 'mco') {
    const at = texts.findIndex((text) => /^cmd\.(?:run\w*|shell|script)$|^shell$/.test(text));
    if (at >= 0 && texts[at + 1] !== undefined) run(texts[at + 1] ?? '');
    return;
  }
  let at = 0;
  while (texts[at]?.startsWith('-')) at += TAKES.test(texts[at] ?? '') ? 2 : 1;
  const rest = facts.words.slice(at);
  const [only] = rest;
  if (rest.length === 1 && only !== undefined) run(guessOf(only) ?? '');
  else if (rest.length > 1) run(rest.map(asShell).join(' '));
};
