import assert from 'node:assert/strict';
import { StepUp, stepUpProjection } from '../../../src/engine/access/step-up';
import { fromBase32, hotp, totpStep } from '../../../src/engine/access/totp';
import { type ApprovalDraft, type ApprovalOutcome, Approvals } from '../../../src/engine/approvals/approvals';
import { approvalsProjection } from '../../../src/engine/approvals/projection';
import { RemoteApprovals, type RemoteMessage } from '../../../src/engine/approvals/remote';
import { riskOf } from '../../../src/engine/approvals/remote-card';
import type { ChatContext, IdentityKey, Principal } from '../../../src/engine/model/identity';
import type { ApprovalView } from '../../../src/engine/model/views';
import { AccessHouse, type SaidOptions, who } from '../../helpers/access-house';
import { settle } from '../../helpers/manual-clock';

class Rig {
  readonly house = new AccessHouse();
  readonly said: RemoteMessage[] = [];
  readonly secrets = new Map<string, string>();
  readonly approvals: Approvals;
  readonly stepUp: StepUp;
  readonly remote: RemoteApprovals;
  outcome: ApprovalOutcome | undefined;

  constructor() {
    const { journal, clock, service } = this.house;
    const approvalsState = journal.project(approvalsProjection);
    const stepUpState = journal.project(stepUpProjection);
    this.approvals = new Approvals({ records: journal, clock, state: approvalsState, ttlMs: () => 300_000 });
    this.stepUp = new StepUp({
      records: journal,
      clock,
      state: stepUpState,
      secrets: {
        get: async (name) => this.secrets.get(name),
        set: async (name, value) => void this.secrets.set(name, value),
        delete: async (name) => void this.secrets.delete(name),
        names: async () => [...this.secrets.keys()],
      },
    });
    this.remote = new RemoteApprovals({
      approvals: this.approvals,
      access: service,
      stepUp: this.stepUp,
      say: async (message) => void this.said.push(message),
    });
  }

  async approver(
    sender: string,
    options: { role?: 'owner' | 'approver'; own?: boolean; context?: ChatContext } = {},
  ): Promise<IdentityKey> {
    const pairing: SaidOptions & { role: 'owner' | 'approver' } = {
      role: options.role ?? 'approver',
      context: options.context ?? 'dm',
    };
    const key = await this.house.pair(sender, pairing);
    await this.house.service.setRemoteApproval(key, true, options.own ?? false);
    return key;
  }

  async ask(more: Partial<ApprovalDraft> = {}): Promise<ApprovalView> {
    const draft: ApprovalDraft = {
      taskId: 't1',
      who: { key: who('asker'), displayName: 'Asker', role: 'member' },
      where: { channel: 'telegram', account: 'bot1', conversation: 'room', context: 'group' },
      message: 'please run the tests',
      tool: 'run',
      action: 'npm test',
      cwd: '/work/app',
      envNames: ['PATH'],
      files: [],
      hosts: [],
      parts: [{ text: 'npm test', summary: 'runs the tests', risk: 'medium' }],
      marks: [],
      taint: [],
      decision: {
        effect: 'ask',
        layer: 'mode',
        ruleId: 'mode.ask',
        reasons: ['Commands are asked about.'],
        remedies: [],
        verdicts: [],
        obligations: [],
      },
      sandbox: { label: 'Process isolation', isolated: false },
      bindingHash: 'h1',
      scopes: [{ scope: 'once', allows: 'this' }],
      ...more,
    };
    return new Promise((resolve, reject) => {
      let asked: ApprovalView | undefined;
      this.approvals
        .request(draft, new AbortController().signal, (view) => {
          asked = view;
          this.remote.offer(view).then(() => resolve(view), reject);
        })
        .then(async (outcome) => {
          this.outcome = outcome;
          await this.remote.closed(asked?.id ?? '', outcome);
        }, reject);
    });
  }

  code(sender: string): string {
    const message = this.said.findLast(({ to, buttons }) => to === who(sender) && buttons);
    return /reply with ([A-Z2-9]{4})/.exec(message?.text ?? '')?.[1] ?? 'none';
  }

  says(sender: string, text: string, context: ChatContext = 'dm'): Promise<string | undefined> {
    const identity = { channel: 'telegram', account: 'bot1', sender };
    const principal: Principal = {
      key: who(sender),
      identity,
      displayName: sender,
      role: 'approver',
      context,
      conversation: { channel: 'telegram', account: 'bot1', conversation: `dm-${sender}` },
    };
    return this.remote.answer(principal, text);
  }
}

const HIGH: Partial<ApprovalDraft> = {
  action: 'rm -rf build',
  parts: [{ text: 'rm -rf build', summary: 'deletes build', risk: 'high' }],
};

describe('approvals answered from a chat', () => {
  it('go nowhere until the owner has switched them on for someone', async () => {
    const rig = new Rig();
    await rig.house.pair('boss', { role: 'owner' });
    await rig.ask();
    assert.deepEqual(rig.said, []);
    assert.equal(await rig.says('boss', 'AAAA'), undefined);
  });

  it('[OPS-1a] [OPS-1b] show the whole command, who asks, where, the risk and the scope, and keep the code off the record', async () => {
    const rig = new Rig();
    await rig.approver('boss', { role: 'owner' });
    const action = `echo \`\`\`${'x'.repeat(20_000)} \u202e end`;
    await rig.ask({
      action,
      marks: [{ offset: 20_009, name: 'right-to-left override' }],
      taint: ['README.md'],
      files: [{ path: 'out.txt', access: 'write' }],
      hosts: ['example.com'],
    });
    const [card] = rig.said;
    assert.ok(card);
    assert.equal(card.conversation, 'dm-boss', 'in the direct conversation, not where it was asked');
    assert.ok(card.text.includes(action.replace('\u202e', '⟨U+202E⟩')), 'nothing of the command is left out');
    assert.match(card.text, /^````$/m, 'in a fence that the command cannot close');
    for (const part of [
      'Asker (member, telegram id asker) asks in a group',
      'In: /work/app',
      'Process isolation, not isolated',
      'Variables it gets: PATH',
      'Files: write out.txt',
      'Hosts: example.com',
      'Risk: medium',
      'right-to-left override at 20009',
      'Untrusted content was read in this task: README.md',
      'Commands are asked about.',
      '> please run the tests',
      'allows this once, and nothing else',
    ]) {
      assert.ok(card.text.includes(part), part);
    }
    const code = rig.code('boss');
    assert.match(code, /^[A-HJ-NP-Z2-9]{4}$/);
    assert.ok(!card.recordAs.includes(code));
    assert.equal(card.recordAs, card.text.replaceAll(code, '····'));
    assert.deepEqual(
      card.buttons?.map(({ command }) => command),
      [`/approve ${code}`, `/deny ${code}`],
    );
  });

  it('are approved by the code, once, under the name of who sent it, and say so on every card', async () => {
    const rig = new Rig();
    await rig.approver('ann');
    await rig.approver('bob');
    await rig.ask();
    assert.notEqual(rig.code('ann'), rig.code('bob'), 'each has a code of their own');
    assert.equal(await rig.says('ann', rig.code('bob')), undefined, 'which is no good to another');
    const code = rig.code('ann');
    const reply = await rig.says('ann', ` ${code.toLowerCase()} `);
    assert.equal(reply, 'a1 is approved, once.');
    await settle();
    assert.deepEqual(rig.outcome, { outcome: 'approved', by: who('ann'), choice: { scope: 'once' } });
    assert.equal(await rig.says('ann', code), undefined, 'a used code is only a word');
    assert.equal(rig.approvals.pending().length, 0, 'closed in VS Code as well');
    const ends = rig.said.filter(({ buttons }) => !buttons);
    assert.deepEqual(ends.map(({ to }) => to).toSorted(), [who('ann'), who('bob')].toSorted());
    for (const { text } of ends) assert.match(text, /^Approval a1 was approved from a chat\./);
    const resolved = rig.house.journal.ofType('approval.resolved')[0];
    assert.equal(resolved?.data.by, who('ann'));
  });

  it('the first answer wins, wherever it comes from', async () => {
    const rig = new Rig();
    await rig.approver('ann');
    await rig.approver('bob');
    await rig.ask();
    const answers = await Promise.all([
      rig.says('ann', `/deny ${rig.code('ann')}`),
      rig.says('bob', `/approve ${rig.code('bob')}`),
      rig.says('ann', `/approve ${rig.code('ann')}`),
    ]);
    assert.equal(answers[0], 'a1 is denied.');
    assert.match(answers[1] ?? '', /no longer open/);
    assert.equal(answers[2], undefined, 'the code of the first answer is used up before it is recorded');
    assert.equal(rig.outcome?.outcome, 'denied');

    await rig.ask();
    const code = rig.code('ann');
    await rig.approvals.approve('a2', 'h1', { scope: 'once' });
    assert.doesNotMatch((await rig.says('ann', code)) ?? '', /is approved/);
  });

  it('change the card when the platform has told its id', async () => {
    const rig = new Rig();
    await rig.approver('ann');
    await rig.ask();
    rig.remote.sent(rig.said[0]!.replyId, ['42']);
    await rig.house.clock.advanceAsync(300_000);
    assert.equal(rig.outcome?.outcome, 'expired');
    assert.equal(rig.said.at(-1)?.edits, '42');
    assert.match(rig.said.at(-1)?.text ?? '', /has expired; nothing ran/);
    assert.doesNotMatch((await rig.says('ann', rig.code('ann'))) ?? '', /is approved/);
  });

  it('are never asked or answered in a group', async () => {
    const rig = new Rig();
    await rig.approver('grouper', { context: 'group' });
    await rig.approver('ann');
    await rig.ask();
    assert.deepEqual(
      rig.said.map(({ to }) => to),
      [who('ann')],
    );
    const reply = await rig.says('ann', rig.code('ann'), 'group');
    assert.match(reply ?? '', /direct message/);
    assert.equal(rig.approvals.pending().length, 1);
    assert.equal(await rig.says('ann', 'STOP', 'group'), undefined);
  });

  it('are not answered by who asked, unless the owner allowed that', async () => {
    const rig = new Rig();
    await rig.approver('asker');
    await rig.ask();
    assert.deepEqual(rig.said, []);
    await rig.house.service.setRemoteApproval(who('asker'), true, true);
    await rig.ask();
    assert.equal(rig.said.length, 1);
    await rig.house.service.setRemoteApproval(who('asker'), true, false);
    assert.match((await rig.says('asker', rig.code('asker'))) ?? '', /no longer answer/);
    assert.equal(rig.approvals.pending().length, 2);
  });

  it('never reach a chat when they are about policy, grants, users, secrets or the sandbox', async () => {
    const rig = new Rig();
    await rig.approver('ann', { role: 'owner' });
    for (const tool of ['policy.write', 'grants', 'users.role', 'secret_set', 'Sandbox:off']) {
      await rig.ask({ tool });
    }
    assert.deepEqual(rig.said, []);
  });

  it('are not answered by someone whose access, role or permission has ended since', async () => {
    for (const change of ['revoke', 'role', 'permission', 'disabled'] as const) {
      const rig = new Rig();
      const key = await rig.approver('ann');
      await rig.ask();
      const code = rig.code('ann');
      const { service } = rig.house;
      if (change === 'revoke') await service.revoke([key], 'x');
      if (change === 'role') await service.setRole(key, 'member');
      if (change === 'permission') await service.setRemoteApproval(key, false, false);
      if (change === 'disabled') await service.setMode('telegram', 'dm', 'disabled');
      assert.match((await rig.says('ann', code)) ?? '', /no longer answer/, change);
      assert.equal(rig.approvals.pending().length, 1);
    }
  });

  it('end for the chat after three wrong codes; a word of four letters is not one of them', async () => {
    const rig = new Rig();
    await rig.approver('ann');
    await rig.ask();
    const code = rig.code('ann');
    const wrong = (code.startsWith('A') ? 'B' : 'A') + code.slice(1);
    for (let time = 0; time < 10; time++) assert.equal(await rig.says('ann', wrong), undefined);
    assert.match((await rig.says('ann', `/approve ${wrong}`)) ?? '', /does not belong/);
    assert.match((await rig.says('ann', `yes ${wrong}`)) ?? '', /does not belong/);
    assert.match((await rig.says('ann', `/deny ${wrong}`)) ?? '', /VS Code only/);
    assert.equal(await rig.says('ann', `/approve ${code}`), undefined);
    assert.equal(rig.approvals.pending().length, 1);
  });

  it('want the second factor for what is of high risk, once it is set up', async () => {
    const rig = new Rig();
    const key = await rig.approver('ann');
    const { secret } = rig.stepUp.begin(key, 'Ann');
    const totp = (): string => hotp(fromBase32(secret), totpStep(rig.house.clock.now()));
    await rig.stepUp.confirm(key, totp());
    await rig.house.clock.advanceAsync(60_000);
    await rig.ask(HIGH);
    const code = rig.code('ann');
    assert.match(rig.said[0]?.text ?? '', /and the six digits of your authenticator app/);
    assert.match((await rig.says('ann', `/approve ${code}`)) ?? '', /six digits/);
    assert.match((await rig.says('ann', `${code} 000000`)) ?? '', /not the code of your authenticator/);
    assert.equal(rig.approvals.pending().length, 1);
    const used = totp();
    assert.equal(await rig.says('ann', `${code} ${used}`), 'a1 is approved, once.');
    await settle();

    await rig.ask(HIGH);
    assert.match((await rig.says('ann', `${rig.code('ann')} ${used}`)) ?? '', /used already/);
    assert.equal(
      await rig.says('ann', `/deny ${rig.code('ann')}`),
      'a2 is denied.',
      'refusing needs no second factor',
    );
  });

  it('stay at the desk when the policy demands a second factor that is not set up', async () => {
    const rig = new Rig();
    await rig.approver('ann');
    const decision = { ...(await rig.ask()).decision, obligations: [{ kind: 'step-up' as const }] };
    rig.said.length = 0;
    await rig.ask({ decision });
    assert.deepEqual(rig.said, []);
  });

  it('are not given when the answer cannot be recorded', async () => {
    const rig = new Rig();
    await rig.approver('ann');
    await rig.ask();
    const code = rig.code('ann');
    rig.house.journal.failWith(new Error('disk full'));
    assert.match((await rig.says('ann', code)) ?? '', /could not be recorded/);
    await settle();
    assert.notEqual(rig.outcome?.outcome, 'approved');
  });

  it('weigh what happens to files as well', async () => {
    const rig = new Rig();
    const view = await rig.ask({ parts: [], files: [{ path: 'a', access: 'delete' }] });
    assert.equal(riskOf(view), 'high');
    assert.equal(riskOf({ ...view, files: [{ path: 'a', access: 'write' }] }), 'low');
    assert.equal(riskOf({ ...view, files: [{ path: 'a', access: 'read' }] }), 'none');
  });
});
