import type { CommandAnalysis } from '../engine/model/analysis';
import type { Explanation } from '../engine/policy/explain';

const VERDICTS = { allow: 'RUNS', ask: 'ASKS', deny: 'DENIED' } as const;

/** A verdict for a person at a terminal: what, why, what each layer said, and what would alter it. */
export function explanationText(cmd: string, analysis: CommandAnalysis, explanation: Explanation): string {
  const { decision, layers, change, standing } = explanation;
  const lines = [`${VERDICTS[decision.effect]}  ${printable(cmd)}`, ''];
  for (const reason of decision.reasons) lines.push(`  ${printable(reason)}`);
  for (const remedy of decision.remedies) lines.push(`  ${printable(remedy)}`);
  if (analysis.marks.length > 0) {
    const marks = analysis.marks.map((mark) => `${mark.name} at ${mark.offset}`).join(', ');
    lines.push(`  Not what it looks like: ${marks}.`);
  }
  lines.push('', 'What it does');
  if (analysis.commands.length === 0) lines.push('  no command was found');
  for (const command of analysis.commands) {
    const words = command.words.map((word) => word.text ?? word.raw).join(' ');
    lines.push(`  ${printable(words)}`, `      ${printable(command.summary)}`);
  }
  lines.push('', 'Layers');
  for (const layer of layers) {
    const said = layer.words[0];
    const mark = layer.decided ? '>' : ' ';
    const effect = layer.effect === 'silent' ? '-' : layer.effect;
    lines.push(
      `${mark} ${layer.layer.padEnd(10)} ${effect.padEnd(6)} ${said === undefined ? '' : `${printable(said.reason)} [${said.ruleId}]`}`.trimEnd(),
    );
    for (const more of layer.words.slice(1))
      lines.push(`             ${more.effect.padEnd(6)} ${printable(more.reason)} [${more.ruleId}]`);
  }
  lines.push('');
  if (change !== undefined) lines.push(`To alter it: ${printable(change.sentence)}`);
  else lines.push('Nothing in the policy alters this.');
  if (standing !== undefined) lines.push(`For good: ${printable(standing.sentence)}`);
  return `${lines.join('\n')}\n`;
}

/** Text from outside, without what moves the cursor, hides or turns text around in a terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    if (character === '\n' || character === '\t') return character;
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}
