import type { AnalysedCommand } from '../model/analysis';
import { coverFacts } from './cover-facts';
import type { Facts, PathRef } from './facts';
import { showShape, textOf } from './value';

/** A command as policy, approvals and views see it. */
export function describeCommand(facts: Facts): AnalysedCommand {
  const texts = facts.simple.words.map(textOf);
  const argv = texts.every((text) => text !== undefined) ? (texts as string[]) : undefined;
  const cover = coverFacts(facts);
  return {
    words: facts.simple.words.map((word) => ({ raw: word.raw, text: textOf(word) })),
    argv,
    program: facts.genuine && facts.name !== '' ? facts.name : undefined,
    wrappers: facts.simple.wrappers,
    assignments: facts.simple.assigned.map(({ name }) => name),
    effects: {
      reads: shown(facts.reads),
      writes: shown(facts.writes.filter((ref) => !ref.classes.has('sink'))),
      deletes: shown(facts.deletes),
      network: [...new Set(facts.hosts)],
      executes: [...new Set(facts.executes)],
      privilege: facts.privilege || facts.spec?.wrapper?.privilege === true,
      process: /^(kill|pkill|killall|killall5|taskkill|stop-process|skill|fuser)$/.test(facts.name),
      unknown: facts.spec === undefined && facts.name !== '',
    },
    summary: summary(facts),
    ...cover,
  };
}

function shown(refs: readonly PathRef[]): string[] {
  return [...new Set(refs.map((ref) => showShape(ref.shape)))];
}

/** One sentence, without a full stop: what this part does. */
function summary(facts: Facts): string {
  const name = facts.simple.words[0]?.raw ?? '';
  const parts: string[] = [];
  const add = (verb: string, items: readonly string[]): void => {
    if (items.length > 0)
      parts.push(
        `${verb} ${items.slice(0, 3).join(', ')}${items.length > 3 ? ` and ${items.length - 3} more` : ''}`,
      );
  };
  add('deletes', shown(facts.deletes));
  add('writes', shown(facts.writes.filter((ref) => !ref.classes.has('sink'))));
  add('changes who may use', shown(facts.perms));
  add('contacts', [...new Set(facts.hosts)]);
  add('runs', [...new Set(facts.executes)]);
  if (parts.length === 0) add('reads', shown(facts.reads));
  if (name === '') return parts.length === 0 ? 'sets variables' : parts.join('; ');
  if (parts.length > 0) return `${name} ${parts.join('; ')}`;
  return facts.spec === undefined ? `${name}: nothing is known of this program` : `runs ${name}`;
}
