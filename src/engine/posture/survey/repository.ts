import { parseTree } from 'jsonc-parser';
import { parseWorkspacePolicy } from '../../policy/parse';
import type { RepositoryFacts } from '../facts';
import { type SeenSecret, secretsIn } from './secret-kinds';
import { trackedIn, walk } from './walk';

export const POLICY_FILE = '.cowork/policy.jsonc';

const SETTINGS_FILE = /(^|\/)\.vscode\/settings\.json$|\.code-workspace$/;
const CONTAINER_FILE =
  /(^|\/)(\.?devcontainer(\/[^/]+)?\/devcontainer\.json|\.devcontainer\.json|(docker-)?compose[\w.-]*\.ya?ml)$/;

/** Findings of one kind that are kept; more of them say nothing new. */
const EACH_MOST = 200;

/** What takes a container's wall away, as it is written in compose files and in arguments of `docker run`. */
const OPTIONS: readonly { readonly form: RegExp; readonly option: string }[] = [
  { form: /--privileged|^\s*"?privileged"?\s*:\s*true/, option: 'the container is privileged' },
  { form: /docker\.sock/, option: 'the socket of the container engine is mounted' },
  {
    form: /--(?:net|network|pid|ipc|userns|uts)[=\s",]+host\b|^\s*"?(?:network_mode|pid|ipc|userns_mode)"?\s*:\s*"?host\b/,
    option: 'a namespace of the machine is shared',
  },
  {
    form: /(?:seccomp|apparmor)[=:]\s*unconfined/,
    option: 'the filter of system calls is off',
  },
  { form: /--cap-add|"?cap[_A]dd"?\s*:|SYS_ADMIN/i, option: 'capabilities are added' },
];

/** What one file says. */
interface FileSurvey {
  readonly stamp: string;
  readonly secrets: readonly SeenSecret[];
  readonly settings: RepositoryFacts['settings'];
  readonly containers: RepositoryFacts['containers'];
  readonly policy: Pick<RepositoryFacts, 'loosening' | 'invalid'>;
}

/** What was seen in files that have not changed since, by path. Handed in again, it saves reading them. */
export type SurveyMemory = Map<string, FileSurvey>;

const NO_POLICY: FileSurvey['policy'] = { loosening: [], invalid: [] };

/** What a folder says about itself. Looks at a few thousand files of text at most, and changes nothing. */
export async function surveyRepository(
  root: string,
  memory: SurveyMemory = new Map(),
): Promise<RepositoryFacts> {
  const tracked = await trackedIn(root);
  const seen: (readonly [file: string, survey: FileSurvey])[] = [];
  const { files, whole } = walk(root);
  for await (const { file, stamp, read } of files) {
    const known = memory.get(file);
    const survey = known?.stamp === stamp ? known : surveyFile(file, stamp, (await read()) ?? '');
    seen.push([file, survey]);
  }
  memory.clear();
  for (const [file, survey] of seen) memory.set(file, survey);
  const all = <T>(of: (file: string, survey: FileSurvey) => readonly T[]) =>
    seen.flatMap(([file, survey]) => of(file, survey)).slice(0, EACH_MOST);
  return {
    secrets: all((file, { secrets }) =>
      secrets.map((secret) => ({ file, ...secret, tracked: tracked(file) })),
    ),
    settings: all((_file, { settings }) => settings),
    containers: all((_file, { containers }) => containers),
    loosening: all((_file, { policy }) => policy.loosening),
    invalid: all((_file, { policy }) => policy.invalid),
    whole: whole(),
  };
}

function surveyFile(file: string, stamp: string, text: string): FileSurvey {
  return {
    stamp,
    secrets: secretsIn(text),
    settings: SETTINGS_FILE.test(file) ? settingsIn(file, text) : [],
    containers: CONTAINER_FILE.test(file) ? containersIn(file, text) : [],
    policy: file === POLICY_FILE ? surveyPolicy(text) : NO_POLICY,
  };
}

/** What the folder's policy wants to loosen, and what of it is not understood. */
export function surveyPolicy(text: string): Pick<RepositoryFacts, 'loosening' | 'invalid'> {
  const problems = parseWorkspacePolicy(text).problems.map((problem) => ({
    kind: problem.kind,
    file: POLICY_FILE,
    line: lineAt(text, problem.offset ?? 0),
    path: problem.path,
    message: `${problem.message} ${problem.fix}`,
  }));
  const of = (test: (kind: string) => boolean) =>
    problems.filter(({ kind }) => test(kind)).map(({ kind: _kind, ...rest }) => rest);
  return {
    loosening: of((kind) => kind === 'loosening'),
    invalid: of((kind) => kind !== 'loosening'),
  };
}

/** Keys of this product in a folder's settings, also where the workspace file holds them one level down. */
function settingsIn(file: string, text: string): RepositoryFacts['settings'] {
  const tree = parseTree(text, [], { allowTrailingComma: true });
  const objects = [tree, ...(tree?.children ?? []).map((property) => property.children?.[1])];
  return objects.flatMap((object) =>
    object?.type !== 'object'
      ? []
      : (object.children ?? []).flatMap((property) => {
          const key: unknown = property.children?.[0]?.value;
          return typeof key === 'string' && key.startsWith('cowork.')
            ? [{ file, line: lineAt(text, property.offset), key }]
            : [];
        }),
  );
}

function containersIn(file: string, text: string): RepositoryFacts['containers'] {
  const seen = new Set<string>();
  return text.split('\n').flatMap((line, index) =>
    OPTIONS.flatMap(({ form, option }) => {
      if (/^\s*(#|\/\/)/.test(line) || !form.test(line) || seen.has(option)) return [];
      seen.add(option);
      return [{ file, line: index + 1, option }];
    }),
  );
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}
