import { join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { type Finding, SEVERITIES, type Severity } from '../engine/model/posture';
import { PROFILES, type Profile } from '../engine/policy/schema';
import { wildcardMatch } from '../engine/policy/wildcard';
import { evaluate } from '../engine/posture/evaluate';
import { FAMILIES, type FactFamilies, type FamilyName } from '../engine/posture/facts';
import { RULES } from '../engine/posture/rules';
import { countOpen, scoreOf } from '../engine/posture/score';
import { printable } from './explanation-text';
import { folderFacts } from './posture-facts';
import { type SarifLevel, sarifLog } from './sarif';

export interface PostureIo {
  readonly out: Writable;
  readonly err: Writable;
  /** Milliseconds since the epoch; the machine's own clock when left out. */
  readonly now?: number;
}

export const POSTURE_USAGE = `Look at a folder as the Checklist does: a repository, or the folder of a workspace's record. Nothing is changed.

  cowork posture DIR                  what is not as it should be, the worst first
      --settings FILE                 also judge a person's settings.json
      --profile NAME                  development, production or shared: what is judged against its ceiling
      --fail-on SEVERITY              critical, high (default), medium, low, info or never
      --accept ID                     a risk that is accepted, by its id in --json; * stands for any text. It is still
                                      listed and counted, and fails nothing. May be repeated.
      --json                          one line of JSON
      --sarif                         one SARIF 2.1.0 log, for code-scanning services

Exit code: 0 nothing was found that is as bad as --fail-on says, 1 something was, 2 wrong usage, or a folder or file
that cannot be read.
`;

/** What is wrong with how the program was called, for the person who did. */
class UsageProblem extends Error {}

interface PostureOptions {
  readonly directory: string;
  readonly settings?: string;
  readonly profile?: Profile;
  readonly failOn: Severity | 'never';
  readonly accept: readonly string[];
  readonly form: 'text' | 'json' | 'sarif';
}

/** `cowork posture`. @returns the exit code, as the usage text says */
export async function posture(args: readonly string[], io: PostureIo): Promise<number> {
  try {
    const options = readOptions(args);
    if (options === 'help') {
      io.out.write(POSTURE_USAGE);
      return 0;
    }
    const { directory, settings, profile } = options;
    const { facts, unseen } = await folderFacts({
      directory,
      ...(settings === undefined ? {} : { settings }),
      ...(profile === undefined ? {} : { profile }),
      now: io.now ?? Date.now(),
    }).catch((error: unknown) => {
      throw new UsageProblem(error instanceof Error ? error.message : String(error));
    });
    const findings = look(facts);
    io.out.write(written(findings, unseen, facts, options));
    const { failOn } = options;
    const bad = (severity: Severity) =>
      failOn !== 'never' && SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(failOn);
    return findings.some((one) => bad(one.severity) && !isAccepted(one, options)) ? 1 : 0;
  } catch (error) {
    if (!(error instanceof UsageProblem)) throw error;
    io.err.write(`${error.message}\n\n${POSTURE_USAGE}`);
    return 2;
  }
}

function readOptions(args: readonly string[]): PostureOptions | 'help' {
  const { values, positionals } = parsed(args);
  if (values.help) return 'help';
  const [directory, ...rest] = positionals;
  if (directory === undefined || rest.length > 0)
    throw new UsageProblem('Name one folder, for instance ".".');
  if (values.json && values.sarif) throw new UsageProblem('Either --json or --sarif.');
  const profile = PROFILES.find((one) => one === values.profile);
  if (values.profile !== undefined && profile === undefined)
    throw new UsageProblem(`"${values.profile}" is no profile. There are ${PROFILES.join(', ')}.`);
  const wanted = values['fail-on'] ?? 'high';
  const failOn = wanted === 'never' ? wanted : SEVERITIES.find((one) => one === wanted);
  if (failOn === undefined)
    throw new UsageProblem(`"${wanted}" is no severity. There are ${SEVERITIES.join(', ')} and never.`);
  return {
    directory,
    ...(values.settings === undefined ? {} : { settings: values.settings }),
    ...(profile === undefined ? {} : { profile }),
    failOn,
    accept: values.accept ?? [],
    form: values.json ? 'json' : values.sarif ? 'sarif' : 'text',
  };
}

function parsed(args: readonly string[]) {
  const [flag, text] = [{ type: 'boolean' } as const, { type: 'string' } as const];
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        settings: text,
        profile: text,
        'fail-on': text,
        accept: { type: 'string', multiple: true },
        json: flag,
        sarif: flag,
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageProblem(error instanceof Error ? error.message : String(error));
  }
}

/** A risk that whoever called accepts; it is shown and counted all the same. */
function isAccepted({ id }: Finding, { accept }: PostureOptions): boolean {
  return accept.some((pattern) => wildcardMatch(pattern, id));
}

/** The worst first. */
function look(facts: Partial<FactFamilies>): readonly Finding[] {
  const of = <F extends FamilyName>(family: F): readonly Finding[] => {
    const known = facts[family] as FactFamilies[F] | undefined;
    return known === undefined ? [] : evaluate(family, known);
  };
  return FAMILIES.flatMap((family) => of(family)).sort(
    (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || (a.id < b.id ? -1 : 1),
  );
}

const LEVELS: Readonly<Record<Severity, SarifLevel>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
};

function written(
  findings: readonly Finding[],
  unseen: readonly string[],
  facts: Partial<FactFamilies>,
  options: PostureOptions,
): string {
  const { form } = options;
  const score = scoreOf(countOpen(findings));
  switch (form) {
    case 'json': {
      const plain = findings.map((finding) => plainOf(finding, isAccepted(finding, options)));
      return `${JSON.stringify({ score, findings: plain, unseen })}\n`;
    }
    case 'sarif':
      return `${JSON.stringify(sarif(findings, facts, options), null, 2)}\n`;
    case 'text':
      return [
        ...findings.map((finding) => textOf(finding, isAccepted(finding, options))),
        `${findings.length === 0 ? 'Nothing found.' : `${findings.length} found.`} Score ${score} of 100.`,
        ...unseen,
        '',
      ].join('\n');
  }
}

function plainOf(finding: Finding, accepted: boolean): object {
  const { id, rule, severity, title, why, evidence, place } = finding;
  return {
    id,
    rule,
    severity,
    title,
    why,
    evidence,
    ...(place === undefined ? {} : { place }),
    ...(accepted ? { accepted } : {}),
  };
}

function sarif(findings: readonly Finding[], facts: Partial<FactFamilies>, options: PostureOptions): object {
  const root = resolve(options.directory);
  const looked = FAMILIES.filter((family) => facts[family] !== undefined);
  return sarifLog({
    root,
    rules: looked.flatMap((family) =>
      RULES[family].map(({ id, title, severity }) => ({
        id,
        description: `${title}.`,
        level: LEVELS[severity],
      })),
    ),
    results: findings.map(({ rule, severity, evidence, why, place, ...finding }) => ({
      ruleId: rule,
      level: isAccepted({ ...finding, rule, severity, evidence, why }, options) ? 'note' : LEVELS[severity],
      message: `${evidence} ${why}`,
      ...(place === undefined
        ? {}
        : {
            file: join(root, place.file),
            region: {
              startLine: place.line ?? 1,
              startColumn: 1,
              endLine: (place.line ?? 1) + 1,
              endColumn: 1,
            },
          }),
    })),
  });
}

/** One line, with its place first where there is one, as editors and CI services make links of it. */
function textOf({ severity, rule, evidence, place }: Finding, accepted: boolean): string {
  const where = place === undefined ? '' : `${place.file}:${place.line ?? 1}: `;
  // The place stands in the sentence too, for whoever reads it elsewhere.
  const said =
    place === undefined ? evidence : evidence.replace(`${place.file}, line ${place.line ?? 1}: `, '');
  const level = accepted ? `accepted, ${severity}` : severity;
  return printable(`${where}${level}: ${said} [${rule}]`).replaceAll('\n', ' ');
}
