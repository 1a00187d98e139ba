import assert from 'node:assert/strict';
import { teamsDescriptor, teamsSettings } from '../../../src/channels/teams/descriptor';
import { activitySchema, isTenantAllowed, readActivity } from '../../../src/channels/teams/inbound';
import { teamsRules } from '../../../src/channels/teams/rules';
import type { ChannelFacts } from '../../../src/engine/model/posture';
import { APP_ID, TENANT } from '../../peers/teams/connector';

const OTHER = '99999999-bbbb-cccc-dddd-eeeeeeeeeeee';
const single = teamsSettings.parse({ appId: APP_ID, tenantId: TENANT });
const multi = teamsSettings.parse({ appId: APP_ID });

function facts(settings: Record<string, unknown>): ChannelFacts {
  return {
    channel: 'teams',
    name: 'Microsoft Teams',
    profile: 'development',
    enabled: true,
    state: 'online',
    settings,
    modes: {},
    reported: {},
    secrets: [],
    users: 0,
    conversations: [],
  };
}
const found = (id: string, settings: Record<string, unknown>) =>
  teamsRules.find((rule) => rule.id === id)?.check(facts(settings));

const base = {
  type: 'message',
  id: '1',
  serviceUrl: 'https://smba.trafficmanager.net/emea/',
  channelId: 'msteams',
  from: { id: '29:x', name: 'Alice', aadObjectId: 'AAAA' },
  recipient: { id: `28:${APP_ID}` },
  conversation: { id: 'a:1', conversationType: 'personal', tenantId: TENANT },
  text: 'hello',
};
const read = (change: Record<string, unknown>) =>
  readActivity(activitySchema.parse({ ...base, ...change }), single, 0);

describe('teams', () => {
  it('[MT-3] lets a multi-tenant bot use pairing and nothing else', () => {
    assert.deepEqual(teamsDescriptor.allowedModes?.({ appId: APP_ID }), ['pairing', 'disabled']);
    assert.ok(teamsDescriptor.allowedModes?.({ appId: APP_ID, tenantId: TENANT }).includes('allowlist'));
    assert.ok(found('MT-3', { ...multi }));
    assert.equal(found('MT-3', { ...single }), undefined);
  });

  it('[MT-1] hears the bot’s own tenant, or the listed ones, and none that is not named', () => {
    assert.ok(isTenantAllowed(TENANT, single));
    assert.ok(!isTenantAllowed(OTHER, single));
    assert.ok(isTenantAllowed(OTHER, multi), 'multi-tenant without a list: pairing decides');
    assert.ok(!isTenantAllowed(OTHER, { ...multi, allowedTenants: [TENANT] }));
    assert.ok(!isTenantAllowed('', multi));
    assert.ok(found('MT-1', { ...multi }));
    assert.equal(found('MT-1', { ...multi, allowedTenants: [TENANT] }), undefined);
    assert.equal(found('MT-1', { ...single }), undefined);
  });

  it('[ACC-4] knows a person by tenant and object id, and an anonymous guest not at all', () => {
    assert.equal(read({})?.sender.id, `${TENANT}/aaaa`);
    assert.equal(read({ from: { id: '29:x', name: 'Alice' } })?.sender.id, '');
  });

  it('takes its name out of the text, also when it stands in the middle', () => {
    const mention = (text: string, id = `28:${APP_ID}`) => ({
      conversation: { id: '19:r', conversationType: 'channel', tenantId: TENANT },
      text,
      entities: [{ type: 'mention', mentioned: { id }, text: '<at>Bot</at>' }],
    });
    assert.deepEqual(
      [
        mention('<at>Bot</at>\u00a0/run ls'),
        mention('ls <at>Bot</at>'),
        mention('<at>Bot</at> hi', '28:other'),
      ].map((change) => [read(change)?.text, read(change)?.addressed]),
      [
        ['/run ls', true],
        ['ls', true],
        ['<at>Bot</at> hi', false],
      ],
    );
  });

  it('takes a channel with all of its threads for one room', () => {
    const conversation = {
      id: '19:r@thread.tacv2;messageid=170',
      conversationType: 'channel',
      tenantId: TENANT,
    };
    const message = read({ conversation });
    assert.equal(message?.conversation, '19:r@thread.tacv2');
    assert.equal(message?.inReplyTo, '170');
    assert.equal(message?.context, 'group');
  });

  it('takes neither an address of a service in the clear nor an id that is none', () => {
    assert.ok(!teamsSettings.safeParse({ serviceUrl: 'http://smba.example' }).success);
    assert.ok(!teamsSettings.safeParse({ appId: 'my-bot' }).success);
    assert.match(teamsDescriptor.missing?.({}) ?? '', /cowork\.channels\.teams\.appId/);
  });
});
