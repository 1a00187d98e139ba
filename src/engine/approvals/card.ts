import type { AnalysedCommand, CommandAnalysis } from '../model/analysis';
import type { ActionPart } from '../model/views';
import { projectFiles } from './project-code';

/** The parts of a command line, each with what it does and how much is at stake. */
export function actionParts(analysis: CommandAnalysis): readonly ActionPart[] {
  const parts = analysis.commands.map(
    (command): ActionPart => ({
      text: [...command.wrappers, ...command.words.map((word) => word.raw)].join(' '),
      summary: summaryOf(command),
      risk: riskOf(command),
    }),
  );
  const warnings = analysis.findings.map(
    (finding): ActionPart => ({
      text: finding.title,
      summary: finding.explanation,
      risk: 'high',
      explanation: finding.ruleId,
      ...(finding.saferAlternative === undefined ? {} : { saferAlternative: finding.saferAlternative }),
    }),
  );
  return [...parts, ...warnings];
}

function summaryOf({ program, summary }: AnalysedCommand): string {
  const [file] = projectFiles(program);
  return file === undefined ? summary : `${summary}; what that is, ${file} says`;
}

/** Deleting, gaining rights and running foreign code weigh most; reading the folder weighs nothing. */
function riskOf({ effects, program }: AnalysedCommand): ActionPart['risk'] {
  if (effects.privilege || effects.deletes.length > 0) return 'high';
  if (
    projectFiles(program).length > 0 ||
    effects.unknown ||
    effects.process ||
    effects.network.length > 0 ||
    effects.executes.length > 0
  )
    return 'medium';
  return effects.writes.length > 0 ? 'low' : 'none';
}
