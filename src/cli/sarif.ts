import { relative, resolve, sep } from 'node:path';
import { version } from '../../package.json';

/** How much a result matters, in the words of SARIF. */
export type SarifLevel = 'error' | 'warning' | 'note';

/** A kind of result: what a checker looks for. */
export interface SarifRule {
  readonly id: string;
  /** One sentence, with its full stop. */
  readonly description: string;
  readonly level: SarifLevel;
  /** Absolute address of a page about it. */
  readonly helpUri?: string;
}

/** A stretch of a file; lines and columns from one on, columns in UTF-16 units, the end not included. */
export interface SarifRegion {
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

export interface SarifResult {
  readonly ruleId: string;
  readonly level: SarifLevel;
  readonly message: string;
  /** Path of the file that it is about, when there is one. */
  readonly file?: string;
  readonly region?: SarifRegion;
}

export interface SarifRun {
  readonly rules: readonly SarifRule[];
  readonly results: readonly SarifResult[];
  /** Files are named relative to this folder, the root of the repository, when they are in it. */
  readonly root: string;
}

/**
 * A SARIF 2.1.0 log of one run (OASIS, "Static Analysis Results Interchange Format"), as code-scanning services read it.
 * Results that name a rule that is not among the rules are left as they are, without an index.
 */
export function sarifLog({ rules, results, root }: SarifRun): object {
  const indexOf = new Map(rules.map(({ id }, index) => [id, index]));
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'CoWork OS',
            semanticVersion: version,
            rules: rules.map(({ id, description, level, helpUri }) => ({
              id,
              shortDescription: { text: description },
              defaultConfiguration: { level },
              ...(helpUri === undefined ? {} : { helpUri }),
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: results.map(({ ruleId, level, message, file, region }) => {
          const ruleIndex = indexOf.get(ruleId);
          return {
            ruleId,
            ...(ruleIndex === undefined ? {} : { ruleIndex }),
            level,
            message: { text: message },
            ...(file === undefined
              ? {}
              : {
                  locations: [
                    {
                      physicalLocation: {
                        artifactLocation: { uri: fileUri(file, root) },
                        ...(region === undefined ? {} : { region }),
                      },
                    },
                  ],
                }),
          };
        }),
      },
    ],
  };
}

/** Relative to the root with forward slashes, each part escaped; absolute as a `file:` address outside of it. */
function fileUri(file: string, root: string): string {
  const path = relative(resolve(root), resolve(file));
  const parts = (text: string) => text.split(sep).map(encodeURIComponent).join('/');
  const outside = path === '' || path.startsWith(`..${sep}`) || path === '..' || resolve(path) === path;
  return outside ? `file://${parts(resolve(file)).replace(/^(?!\/)/, '/')}` : parts(path);
}
