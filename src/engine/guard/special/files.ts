import { hasOption, optionValue } from '../args';
import type { Facts, PathRef } from '../facts';
import { pathRef, secrecy } from '../gather';
import type { PathClass } from '../paths';
import { guessOf, literal, STAR, Tag, UNKNOWN, type Value } from '../value';
import { sshOptions } from './escapes';
import type { Special } from './types';
import { asShell } from './words';

export const chmod: Special = (facts, state) => {
  facts.recursive = hasOption(facts.args, ['-R', '--recursive']);
  // `chmod -x file` and `chmod u+s,-w file`: a mode may look like an option.
  const modes = facts.words.filter((word) => /^-[rwxXst]+$/.test(word.shape) && !/^-R$/.test(word.shape));
  const skip = modes.length > 0 || hasOption(facts.args, ['--reference']) ? 0 : 1;
  for (const word of facts.args.positionals.slice(skip))
    facts.perms.push(pathRef(word.shape, state, facts.shell));
};

/** Folders of the system whose owners and modes keep it working. */
const GUARDED = /^\/(?:etc|usr|bin|sbin|lib|lib64|boot|root)?\/?$/;

export const find: Special = (facts, state, run) => {
  const starts: Value[] = [];
  for (const word of facts.words) {
    if (/^(-[HLPDO]|-Olevel)/.test(word.shape) && !/^-(perm|path|print|prune)/.test(word.shape)) continue;
    if (/^[-(!]/.test(word.shape)) break;
    starts.push(word);
  }
  if (starts.length === 0) starts.push({ raw: '.', shape: '.', tags: 0 });
  facts.reads.length = 0;
  facts.deletes.length = 0;
  for (const start of starts) facts.reads.push(pathRef(start.shape, state, facts.shell));
  const filtered = hasFilter(facts);
  const named = facts.words.some((word) => /^-(i?name|i?path|i?regex|wholename)$/.test(word.shape));
  // Where somebody keeps keys, what is found is keys.
  const kept = /\.(?:ssh|aws|gnupg|kube)\b/.exec(facts.text)?.[0];
  const folder = kept === undefined ? '' : `${kept}/`;
  const targets = starts.slice(0, 8).map((start) => {
    const { classes } = pathRef(start.shape, state, facts.shell);
    // A home folder without what is new or old in it is no home; by name, it may be something in particular.
    const all = classes.has('root') || (classes.has('home') && !named);
    // Links alone are not the project.
    const links = classes.has('workspace') && /(^|\s)-type l(\s|$)/.test(facts.text);
    return (filtered || links) && !all ? `${start.shape}/${folder}${UNKNOWN}` : start.shape;
  });
  if (facts.words.some((word) => word.shape === '-delete')) {
    for (const target of targets) facts.deletes.push(pathRef(target, state, facts.shell));
    facts.recursive = true;
  }
  for (const [at, word] of facts.words.entries()) {
    if (!/^-(exec|execdir|ok|okdir)$/.test(word.shape)) continue;
    const rest = facts.words.slice(at + 1);
    const end = rest.findIndex((inner) => inner.shape === ';' || inner.shape === '+');
    const inner = end < 0 ? rest : rest.slice(0, end);
    // What decides over everything found below such a folder decides over the folder.
    const whole =
      (!filtered || starts.some(({ shape }) => shape === '/')) &&
      /^ch(mod|own|grp)$/.test(inner[0]?.shape ?? '') &&
      starts.some(({ shape }) => GUARDED.test(shape));
    if (whole) inner.splice(1, 0, literal('-R'));
    // What empties or rewrites each file below a folder of the system takes the folder with it.
    const rewrites = /^(?:dd|cp|truncate|tee|sed|shred|gpg|openssl|perl)$/.test(inner[0]?.shape ?? '');
    const harmful = /\bof=\{\}|\/dev\/(?:null|zero|urandom)|-s\s?0|\s-i\b|--delete|\s-c\b/.test(
      inner.map(({ shape }) => shape).join(' '),
    );
    if (rewrites && harmful && !filtered && starts.some(({ shape }) => GUARDED.test(shape)))
      facts.reported.push('delete.everything');
    for (const target of targets) {
      run(inner.map((piece) => asShell({ ...piece, shape: piece.shape.replaceAll('{}', target) })).join(' '));
    }
    facts.executes.push(inner.map((piece) => piece.raw).join(' '));
  }
};

/** Whether `find` is told to look for something in particular. */
export function hasFilter(facts: Facts): boolean {
  return facts.words.some((word, at) => {
    if (/^-(i?name|i?path|i?regex|wholename)$/.test(word.shape))
      return !/^[*.]*$/.test(facts.words[at + 1]?.shape ?? '');
    return /^-(mtime|mmin|atime|amin|ctime|cmin|size|empty|newer\w*|user|group|perm|uid|gid|inum|xtype|samefile|links)$/.test(
      word.shape,
    );
  });
}

/** `del /s c:\\*.dll`: that name in every folder of the drive, so the drive is what is at stake. */
export const del: Special = (facts, state) => {
  if (!facts.recursive) return;
  for (const word of facts.args.positionals) {
    const folder = /^([a-zA-Z]:[\\/](?:.*[\\/])?)[^\\/]*$/.exec(word.shape)?.[1];
    if (folder === undefined || !word.shape.includes(STAR)) continue;
    const ref = pathRef(folder, state, facts.shell);
    if (['root', 'system'].some((name) => ref.classes.has(name as PathClass))) facts.deletes.push(ref);
  }
};

/** `rm -rf "$X/"*` where nothing sets X: everything there is, when X is empty. */
export const rm: Special = (facts) => {
  if (!facts.recursive) return;
  for (const word of facts.args.positionals) {
    const [first, ...rest] = word.shape;
    if (first !== UNKNOWN || (word.tags & Tag.unset) === 0) continue;
    if (rest.length > 0 && /^\/+[.*]*$/.test(rest.join('').replaceAll(STAR, '*')))
      facts.reported.push('delete.unset-variable');
  }
};

export const mv: Special = (facts) => {
  if (facts.writes.some((ref) => ref.shape === '/dev/null' || ref.classes.has('sink')))
    facts.recursive = true;
  // Moved away is gone from where it was, whole folders included.
  facts.recursive = true;
};

export const rsync: Special = (facts, state) => {
  const remote = facts.args.positionals.filter((word) => /^[^/]*:/.test(word.shape));
  if (remote.length > 0) {
    facts.hosts.push(...remote.map((word) => guessOf(word) ?? 'unknown'));
    for (const word of facts.args.positionals.slice(0, -1))
      facts.sends |= wholeSecrecy(pathRef(word.shape, state, facts.shell)) | Tag.file;
  }
  const onlyTold =
    hasOption(facts.args, ['-n', '--dry-run']) &&
    !facts.words.some((word) => /^--no-(?:n|dry-run)$/.test(word.shape));
  if (!onlyTold && facts.words.some((word) => /^--del/.test(word.shape))) {
    const target = facts.args.positionals.at(-1);
    if (target !== undefined) facts.deletes.push(pathRef(target.shape, state, facts.shell));
    facts.recursive = true;
  }
  if (!onlyTold && hasOption(facts.args, ['--remove-source-files'])) {
    for (const word of facts.args.positionals.slice(0, -1))
      facts.deletes.push(pathRef(word.shape, state, facts.shell));
    facts.recursive = true;
  }
};

function wholeSecrecy(ref: PathRef): number {
  return ref.classes.has('home') || ref.classes.has('root') || ref.classes.has('homedata')
    ? Tag.secret
    : secrecy(ref);
}

export const scp: Special = (facts, state, run) => {
  sshOptions(facts, state, run);
  facts.writes.length = 0;
  const target = facts.args.positionals.at(-1);
  for (const word of facts.args.positionals) {
    if (/^[^/]*:/.test(word.shape)) facts.hosts.push(guessOf(word) ?? 'unknown');
  }
  if (target !== undefined && !/^[^/]*:/.test(target.shape)) {
    facts.writes.push(pathRef(target.shape, state, facts.shell));
    facts.sends = 0;
  } else {
    for (const word of facts.args.positionals.slice(0, -1))
      facts.sends |= wholeSecrecy(pathRef(word.shape, state, facts.shell));
  }
};

export const archive: Special = (facts, state, run) => {
  const first = facts.words[0]?.shape ?? '';
  const letters =
    (/^-?[a-zA-Z]+$/.test(first) ? first : '') + facts.args.options.map((option) => option.name).join('');
  const named = optionValue(facts.args, ['-f', '--file']);
  const extracting =
    /x/.test(first.replace(/^--.*/, '')) || hasOption(facts.args, ['-x', '--extract', '--get']);
  if (extracting) {
    const into = optionValue(facts.args, ['-C', '--directory']);
    facts.writes.push(pathRef(into?.shape ?? '.', state, facts.shell));
    facts.reads.length = 0;
  } else if (named === undefined && /^[a-z]*[cru][a-z]*f[a-z]*$/.test(first)) {
    // The old spelling, `tar cf archive files`: the archive is the next word.
    const target = facts.words[1];
    if (target !== undefined && target.shape !== '-')
      facts.writes.push(pathRef(target.shape, state, facts.shell));
  } else if (named !== undefined && !/t/.test(letters.replace(/^--.*/, '')) && named.shape !== '-') {
    facts.writes.push(pathRef(named.shape, state, facts.shell));
  }
  // `tar c -C ~ .ssh`: names are looked up in the folder that was changed to.
  const from = extracting ? undefined : optionValue(facts.args, ['-C', '--directory', '-cd']);
  if (from !== undefined)
    for (const word of facts.args.positionals)
      facts.reads.push(pathRef(`${from.shape}/${word.shape}`, state, facts.shell));
  if (facts.words.some((word) => /^--(remove-files|move)/.test(word.shape))) facts.recursive = true;
  if (facts.words.some((word) => word.shape === '-sdel')) {
    facts.recursive = true;
    for (const word of facts.args.positionals.slice(2))
      facts.deletes.push(pathRef(word.shape, state, facts.shell));
  }
  for (const word of facts.words) {
    const action = /^--checkpoint-action=exec=(.*)$/.exec(guessOf(word) ?? '')?.[1];
    if (action !== undefined) run(action);
  }
};

export const dd: Special = (facts) => {
  if (facts.words.some((word) => /^(?:of=|\uE000)/.test(word.shape) && word.tags & Tag.disk))
    facts.reported.push('disk.write');
  for (const read of facts.reads) if (read.shape === '/dev/zero') facts.changes = true;
};

/** `Get-ChildItem C:\\ | Remove-Item`: what is deleted or emptied arrives through the pipe. */
export const fromPipe: Special = (facts, state) => {
  if (!facts.simple.piped || facts.deletes.length > 0 || facts.writes.length > 0) return;
  const into = facts.name === 'clear-content' ? facts.writes : facts.deletes;
  const names = facts.stdin.text?.split('\n').filter((name) => name !== '') ?? [UNKNOWN];
  for (const name of names.slice(0, 32)) into.push(pathRef(name.replaceAll('*', STAR), state, facts.shell));
};
