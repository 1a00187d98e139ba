import { CHANNEL_RULES } from '../../../src/channels/channel-rules';
import { DESCRIPTORS } from '../../../src/channels/descriptors';

/** What the views show of channels' descriptors, each with the place where it is written. */
export function ofDescriptors(): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const { id, summary, secrets, setup, links } of DESCRIPTORS) {
    const say = (text: string | undefined, where: string) => text && texts.set(text, `${id}: ${where}`);
    say(summary, 'summary');
    for (const { name, label, help, validate } of secrets) {
      say(label, `label of ${name}`);
      say(help, `help of ${name}`);
      say(validate?.('!'), `complaint of ${name}`);
    }
    for (const step of setup) say(step, 'setup');
    for (const { label } of links) say(label, 'links');
    for (const { title, why } of CHANNEL_RULES[id] ?? []) {
      say(title, 'title of a rule');
      say(why, 'why of a rule');
    }
  }
  return texts;
}
