import type { Found } from '../../model/posture';
import type { MachineFacts } from '../facts';
import { each, type PostureRule } from '../rule';

/** Variables through which a command that is handed them can leave its sandbox or load foreign code. */
const DANGEROUS_VARIABLES =
  /^(DOCKER_HOST|LD_PRELOAD|LD_LIBRARY_PATH|DYLD_INSERT_LIBRARIES|NODE_OPTIONS|SSH_AUTH_SOCK|KUBECONFIG)$/;

/** Options that give a container the machine, or its network. */
const DANGEROUS_OPTIONS =
  /^--(privileged|cap-add|device|pid=host|ipc=host|userns=host|uts=host|network=host|net=host|security-opt=(seccomp|apparmor)[=:]unconfined)|docker\.sock/;

/** The way to a better sandbox, where the settings are what stands in it. */
export function strongestSandbox({ wanted }: MachineFacts['sandbox']): Pick<Found, 'fix'> {
  if (wanted === 'auto') return {};
  return {
    fix: {
      kind: 'setting',
      title: 'Take the strongest that works',
      key: 'sandbox.backend',
      value: 'auto',
    },
  };
}

export const machineRules: readonly PostureRule<MachineFacts>[] = [
  {
    id: 'HOST-1',
    severity: 'high',
    title: 'The product’s own files are yours alone',
    why: 'Whoever can read the record knows what was said; whoever can write beside it can get in the way.',
    check: ({ loose }) =>
      each(loose, ({ path, mode, folder }) => ({
        subject: path,
        evidence: `${path} has the mode ${mode.toString(8)}: others can ${(mode & 0o022) === 0 ? 'read' : 'change'} it.`,
        fix: {
          kind: 'permissions',
          title: 'Take everybody else’s rights away',
          path,
          mode: folder ? mode & 0o700 : mode & 0o600,
        },
      })),
  },
  {
    id: 'HOST-2',
    severity: 'medium',
    title: 'Nothing is in a folder that is copied elsewhere',
    why: 'A synchronised folder is on other machines and with a company. For the record that is a leak; for the open folder it is a way in.',
    check: ({ synced }) =>
      each(synced, ({ path, what, service }) => ({
        subject: what,
        severity: what === 'storage' ? 'high' : 'low',
        evidence: `${path} is in a folder of ${service}.`,
      })),
  },
  {
    id: 'HOST-3',
    severity: 'high',
    title: 'No other agent acts without asking',
    why: 'Another extension’s agent works in the same folder with your rights. What it does without asking, it does past these rules.',
    check: ({ agents }) =>
      each(agents, ({ product, setting, value }) => ({
        subject: setting,
        evidence: `${product}: “${setting}” is ${value}. Change it in the Settings.`,
        fix: {
          kind: 'command',
          title: 'Open that setting',
          command: 'cowork.settings.open',
          arguments: [setting],
        },
      })),
  },
  {
    id: 'BOX-1',
    severity: 'medium',
    title: 'Commands are isolated by the operating system',
    why: 'Without a sandbox a command can read and change whatever you can. Then only the analysis and your eyes stand before it.',
    docs: 'docs/sandboxes.md',
    check: ({ sandbox }) =>
      sandbox.isolated
        ? []
        : [
            {
              severity: sandbox.tested === undefined ? 'high' : 'medium',
              evidence:
                sandbox.tested === undefined
                  ? `No sandbox works, so that no command runs. ${sandbox.label}`
                  : `Commands run in: ${sandbox.label}. ${sandbox.rejected.map(({ id, why }) => `Not in ${id}: ${why}`).join(' ')}`.trim(),
              ...strongestSandbox(sandbox),
            },
          ],
  },
  {
    id: 'BOX-2',
    severity: 'high',
    title: 'Containers are given nothing of the machine',
    why: 'A container with the engine’s socket, extra capabilities or the host’s namespaces is no wall at all.',
    docs: 'docs/sandboxes.md',
    check: ({ containerOptions, dockerHost }) => [
      ...each(containerOptions, (option) =>
        DANGEROUS_OPTIONS.test(option)
          ? { subject: option, evidence: `Containers are started with ${option}.` }
          : undefined,
      ),
      ...(dockerHost === undefined
        ? []
        : [
            {
              subject: 'DOCKER_HOST',
              evidence: `The container engine is reached at ${dockerHost} without encryption: whoever is on the way can start containers.`,
            },
          ]),
    ],
  },
  {
    id: 'BOX-3',
    severity: 'medium',
    title: 'Commands get no variable that opens a door',
    why: 'Such a variable loads foreign code into every program, or reaches a service that runs outside the sandbox.',
    docs: 'docs/sandboxes.md',
    check: ({ environment }) =>
      each(environment, (name) =>
        DANGEROUS_VARIABLES.test(name)
          ? {
              subject: name,
              evidence: `Commands get the variable ${name}.`,
              fix: {
                kind: 'setting',
                title: 'Take it off the list',
                key: 'environment.allow',
                value: environment.filter((other) => other !== name),
              },
            }
          : undefined,
      ),
  },
  {
    id: 'NET-1',
    severity: 'high',
    title: 'Nothing listens beyond this machine',
    why: 'A port that others can reach is tried by everybody, all the time. A tunnel or a reverse proxy with encryption stands in front of it.',
    check: ({ listening }) =>
      each(listening, ({ what, address, encrypted }) => ({
        subject: what,
        severity: encrypted ? 'medium' : 'high',
        evidence: `${what} listens on ${address}${encrypted ? '' : ', without encryption'}.`,
      })),
  },
  {
    id: 'SEC-2',
    severity: 'critical',
    title: 'No credential stands in the settings',
    why: 'Settings are plain text, are synchronised to other machines, and are shown to whoever looks over your shoulder. Credentials belong into the secret store.',
    check: ({ secretSettings }) =>
      each(secretSettings, ({ key, kind }) => ({
        subject: key,
        evidence: `“cowork.${key}” holds what looks like ${kind}. Replace it at its platform, then enter the new one as a token.`,
        fix: {
          kind: 'command',
          title: 'Open that setting',
          command: 'cowork.settings.open',
          arguments: [`cowork.${key}`],
        },
      })),
  },
  {
    id: 'SET-1',
    severity: 'medium',
    title: 'Nothing that was set to try things out is left on',
    why: 'A test server, or a longer life of codes, does what it is for and weakens the rest for as long as it stays.',
    check: ({ prototypes, profile }) =>
      each(prototypes, ({ key, value, why }) => ({
        subject: key,
        severity: profile === 'development' ? 'low' : 'medium',
        evidence: `“cowork.${key}” is ${value}. ${why}`,
        fix: { kind: 'setting', title: 'Use the default again', key, value: undefined },
      })),
  },
];
