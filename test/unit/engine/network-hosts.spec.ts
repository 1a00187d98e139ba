import assert from 'node:assert/strict';
import type { InboundMessage } from '../../../src/engine/model/message';
import type { ApprovalView } from '../../../src/engine/model/views';
import { TestEngine } from '../../helpers/engine';

/** Prints the proxy that the command was given, or nothing. */
const SHOW = '/run printenv HTTP_PROXY || echo none';

describe('the hosts that a command may reach', () => {
  let house: TestEngine;
  afterEach(() => house.remove());

  async function approved(text: string, extra: Partial<InboundMessage> = {}): Promise<ApprovalView> {
    await house.say(text, 'ann', extra);
    const approval = await house.approval();
    await house.engine.approvals.approve(approval.id, approval.bindingHash);
    await house.until(() => ['done', 'failed'].includes(house.engine.tasks.list()[0]?.state ?? ''));
    return approval;
  }

  it('[FAQ-1] are those that it names and those that the user lists, and stand on the card', async () => {
    house = await TestEngine.start({ allowedHosts: ['registry.test', '*.cdn.test'] });
    await house.pair();
    const card = await approved(`${SHOW}; curl -sS https://api.test:8443/x; true`);
    assert.deepEqual([...card.hosts].sort(), [
      '*.cdn.test',
      'api.test:8443',
      'https://api.test:8443/x',
      'registry.test',
    ]);
    await house.reply(/http:\/\/cowork:[\w-]+@127\.0\.0\.1:\d+/);
    // curl went by the proxy, and the gate looked the name up.
    const refusedOrMade = (await house.records()).filter(({ type }) => type.startsWith('egress.'));
    assert.deepEqual(
      refusedOrMade.map(({ data }) => data),
      [{ purpose: 'command', host: 'api.test', port: 8443, secure: true }],
    );
  });

  it('[FAQ-1] are none for a command that names none when none are listed', async () => {
    house = await TestEngine.start();
    await house.pair();
    await approved(SHOW);
    await house.reply(/\nnone\n/);
  });

  it('[FAQ-1] are not those that the policy denies, or that are denied where it was asked', async () => {
    house = await TestEngine.start({
      allowedHosts: ['registry.test', 'bad.test', 'worse.test'],
      user: {
        rules: [
          { id: 'no-page', effect: 'deny', tool: 'fetch', domain: 'bad.test' },
          { id: 'no-command', effect: 'deny', tool: 'run', domain: 'worse.test' },
        ],
      },
    });
    await house.pair();
    assert.deepEqual((await approved(SHOW)).hosts, ['registry.test']);
    house.policy.user = { contexts: { dm: { deniedToolGroups: ['network'] } } };
    assert.deepEqual((await approved(SHOW)).hosts, []);
    await house.reply(/\nnone\n/);
    house.policy.user = { capabilities: { network: 'deny' } };
    assert.deepEqual((await approved(SHOW)).hosts, []);
  });
});
