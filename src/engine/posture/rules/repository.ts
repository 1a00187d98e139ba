import type { RepositoryFacts } from '../facts';
import { each, type PostureRule } from '../rule';

export const repositoryRules: readonly PostureRule<RepositoryFacts>[] = [
  {
    id: 'SEC-1',
    severity: 'critical',
    title: 'No credential lies in the folder',
    why: 'The agent, every extension and everyone with a copy of the repository can read it. It is to be taken as known: replace it, then remove it.',
    check: ({ secrets }) =>
      each(secrets, ({ file, line, kind, tracked }) => ({
        subject: `${file}:${kind}`,
        severity: tracked ? 'critical' : 'medium',
        evidence: `${file}, line ${line}: this looks like ${kind}${tracked ? ', and it is in the repository' : ''}.`,
        place: { file, line },
      })),
  },
  {
    id: 'POL-4',
    severity: 'medium',
    title: 'The folder does not try to loosen your policy',
    why: 'It has no effect: a repository can only tighten. But somebody wrote it, and other tools may obey it.',
    docs: 'docs/policy.md',
    check: ({ settings, loosening }) => [
      ...each(settings, ({ file, line, key }) => ({
        subject: `${file}:${key}`,
        evidence: `${file}, line ${line}: “${key}” does not count from here.`,
        place: { file, line },
      })),
      ...each(loosening, ({ file, line, path, message }) => ({
        subject: `${file}:${path}`,
        evidence: `${file}, line ${line}, ${path}: ${message}`,
        place: { file, line },
      })),
    ],
  },
  {
    id: 'POL-5',
    severity: 'medium',
    title: 'The folder’s policy is understood',
    why: 'What is not understood stays in force as it was last understood; without such a time everything but reading is asked about.',
    docs: 'docs/policy.md',
    check: ({ invalid }) =>
      each(invalid, ({ file, line, path, message }) => ({
        subject: `${file}:${path}`,
        evidence: `${file}, line ${line}${path === '' ? '' : `, ${path}`}: ${message}`,
        place: { file, line },
      })),
  },
  {
    id: 'BOX-2.folder',
    severity: 'medium',
    title: 'The folder’s containers are given nothing of the machine',
    why: 'Whoever opens the folder in such a container works without a wall between the container and the machine.',
    docs: 'docs/sandboxes.md',
    check: ({ containers }) =>
      each(containers, ({ file, line, option }) => ({
        subject: `${file}:${option}`,
        evidence: `${file}, line ${line}: ${option}.`,
        place: { file, line },
      })),
  },
];
