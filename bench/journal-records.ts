import type { AnyNewRecord } from '../src/engine/model/record';

export const USERS = Array.from(
  { length: 50 },
  (_, i) => `${['telegram', 'slack', 'local'][i % 3]}:bot:${1000 + i}`,
);
export const WORDS =
  'build test deploy lint release branch merge review fix update remove add server client docs'.split(' ');

/** The i-th of an endless, made-up history: a task in five records. */
export function recordAt(i: number): AnyNewRecord {
  const task = Math.floor(i / 5);
  const user = USERS[(task * 7) % USERS.length] ?? '';
  const channel = user.split(':')[0] ?? '';
  const taskId = `task-${task}`;
  const words = `${WORDS[task % 15]} ${WORDS[(task * 3) % 14]} package-${task % 997}`;
  const tool = ['run', 'read', 'write', 'search'][task % 4] ?? '';
  const hash = 'ab'.repeat(32);
  switch (i % 5) {
    case 0:
      return {
        type: 'task.created',
        actor: user,
        subject: taskId,
        data: {
          taskId,
          user,
          channel,
          account: 'bot',
          conversation: `${channel}:bot:c`,
          title: words,
          messageId: `m${i}`,
        },
      };
    case 1:
      return {
        type: 'decision.made',
        actor: 'engine',
        subject: taskId,
        data: {
          taskId,
          tool,
          action: `npm run ${words}`,
          effect: task % 10 === 0 ? 'deny' : task % 3 === 0 ? 'ask' : 'allow',
          layer: 'rule',
          ruleId: `rule-${task % 40}`,
          reasons: ['the mode asks for each command'],
          policyVersion: 'v1',
        },
      };
    case 2:
      return {
        type: 'action.started',
        actor: 'engine',
        subject: taskId,
        data: {
          actionId: `a${task}`,
          taskId,
          tool,
          action: `npm run ${words}`,
          cwd: '/home/ada/project',
          sandbox: 'bubblewrap',
          bindingHash: hash,
        },
      };
    case 3:
      return {
        type: 'action.finished',
        actor: 'engine',
        subject: taskId,
        data: {
          actionId: `a${task}`,
          taskId,
          ok: true,
          exitCode: 0,
          durationMs: 1200,
          output: `${words}: ok`,
          outputLength: 30,
          outputSha256: hash,
        },
      };
    default:
      return {
        type: 'task.state',
        actor: 'engine',
        subject: taskId,
        data: { taskId, state: 'done', detail: '' },
      };
  }
}
