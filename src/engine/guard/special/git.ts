import { guessOf } from '../value';
import type { Special } from './types';

const gitConfig: Special = (facts, _state, run) => {
  for (const [at, word] of facts.words.entries()) {
    if (word.shape !== '-c' && !word.shape.startsWith('--config-env')) continue;
    const setting = guessOf(facts.words[at + 1]) ?? '';
    const match =
      /^(?:alias\.[^=]+=!|core\.(?:pager|editor|sshcommand|fsmonitor|askpass|gitproxy)=|diff\.external=|sequence\.editor=|gpg\.program=|credential\.helper=!?|pager\.\w+=|difftool\.[^=]*cmd=|mergetool\.[^=]*cmd=|filter\.[^=]*=|protocol\.ext\.allow=)(.*)$/i.exec(
        setting,
      );
    if (match?.[1]) run(match[1]);
  }
  // `git config alias.x '!line'`, `git config core.pager line`: run by a later command.
  if (facts.args.sub === 'config') {
    const [key, value] = facts.args.positionals.slice(-2).map((word) => guessOf(word) ?? '');
    if (value?.startsWith('!')) run(value.slice(1));
    else if (
      /^core\.(?:pager|editor|sshcommand|fsmonitor|askpass)$|^diff\.external$|^pager\.|cmd$/i.test(key ?? '')
    )
      run(value ?? '');
  }
  // Clone and fetch from `ext::sh -c …`.
  for (const word of facts.words) {
    const ext = /^ext::(.+)$/.exec(guessOf(word) ?? '')?.[1];
    if (ext !== undefined) {
      facts.executes.push(ext);
      run(ext.replaceAll('% ', ' '));
    }
  }
};

export const gitBranch: Special = (facts, state, run) => {
  gitConfig(facts, state, run);
  const { sub, positionals: given, options } = facts.args;
  const listing = options.some((option) =>
    /^(-l|--list|-a|-r|-v|-vv|--contains|--merged|--no-merged|--points-at|--no-contains|-n)$/.test(
      option.name,
    ),
  );
  if ((sub === 'branch' || sub === 'tag') && given.length > 0 && !listing) facts.changes = true;
  if (sub === 'config' && given.length > 1 && !options.some((option) => /^--(get|list)/.test(option.name)))
    facts.changes = true;
  if (sub === 'remote' && given.length > 0 && !['show', 'get-url'].includes(guessOf(given[0]) ?? ''))
    facts.changes = true;
  if (sub === 'worktree') facts.changes = true;
  if (sub === 'reflog' && ['expire', 'delete'].includes(guessOf(given[0]) ?? '')) facts.changes = true;
  if (facts.words.some((word) => /^--output(-directory)?=/.test(word.shape))) facts.changes = true;
  // `git grep -Osh`: the pager's name is glued to the letter.
  if (sub === 'grep' && facts.words.some((word) => /^-[a-zA-Z]*O/.test(word.shape)))
    facts.executes.push('a pager named on the line');
};
