import assert from 'node:assert/strict';
import { googlechatDescriptor, googlechatSettings } from '../../../src/channels/googlechat/descriptor';
import { formatText } from '../../../src/channels/googlechat/format';
import { eventSchema, readEvent } from '../../../src/channels/googlechat/inbound';
import { googlechatRules } from '../../../src/channels/googlechat/rules';
import type { ChannelFacts } from '../../../src/engine/model/posture';
import { GooglechatBench } from '../../contract/benches/googlechat';
import { ContractHouse } from '../../contract/house';
import { PROJECT, SERVICE_ACCOUNT } from '../../peers/googlechat/google';

const settings = googlechatSettings.parse({ projectNumber: PROJECT, allowedOrganisations: ['acme.example'] });

function found(id: string, reported: ChannelFacts['reported']) {
  return googlechatRules
    .find((rule) => rule.id === id)
    ?.check({
      channel: 'googlechat',
      name: 'Google Chat',
      profile: 'development',
      enabled: true,
      state: 'online',
      settings: {},
      modes: {},
      reported,
      secrets: [],
      users: 0,
      conversations: [],
    });
}

describe('google chat', () => {
  it('[GC-1] reads the scopes of the account’s tokens, and finds what is beyond chat.bot', async () => {
    const bench = new GooglechatBench();
    bench.peer.scopes =
      'https://www.googleapis.com/auth/chat.bot https://www.googleapis.com/auth/cloud-platform';
    const house = await ContractHouse.open(bench, { speed: 1 });
    try {
      const { reported } = house.view;
      assert.match(found('GC-1', reported)?.evidence ?? '', /cloud-platform/);
      assert.equal(found('GC-1', { scopes: ['https://www.googleapis.com/auth/chat.bot'] }), undefined);
    } finally {
      await house.close();
    }
  });

  it('[GC-3] counts how often Google asked to wait, shows it, and finds a quota that is too small', async () => {
    const bench = new GooglechatBench();
    const house = await ContractHouse.open(bench, { speed: 10 });
    try {
      await bench.inject('rate-limit');
      await house.say('wait for me', 'dm');
      await house.until(() => house.view.reported.limited === 1, 'the count');
      await bench.heal();
      await house.see('wait for me', 'dm');
      assert.match(googlechatDescriptor.health?.(house.view.reported).join() ?? '', /asked to wait 1 times/);
    } finally {
      await house.close();
    }
    assert.ok(found('GC-3', { limited: 10 }));
    assert.equal(found('GC-3', { limited: 9 }), undefined);
  });

  it('[GC-4] takes a space for a room of its own, to be let in by a code of its own', () => {
    const sender = { name: 'users/1', displayName: 'A', type: 'HUMAN', email: 'a@acme.example' };
    const space = { name: 'spaces/S', type: 'ROOM', spaceType: 'SPACE' };
    const event = eventSchema.parse({
      type: 'MESSAGE',
      space,
      user: sender,
      message: { name: 'spaces/S/messages/1', sender, text: '@Bot ABC234', argumentText: ' ABC234' },
    });
    const message = readEvent(event, settings, 0);
    assert.deepEqual(
      [message?.context, message?.conversation, message?.text, message?.sender.id],
      ['group', 'spaces/S', 'ABC234', 'users/1'],
    );
  });

  it('waits for its project and for an organisation: without one nobody is heard', () => {
    assert.match(googlechatDescriptor.missing?.({}) ?? '', /projectNumber/);
    assert.match(googlechatDescriptor.missing?.({ projectNumber: PROJECT }) ?? '', /allowedOrganisations/);
    assert.equal(googlechatDescriptor.missing?.(settings), undefined);
  });

  it('takes the key of a service account and nothing else', () => {
    const validate = googlechatDescriptor.secrets[0]?.validate;
    assert.equal(validate?.(SERVICE_ACCOUNT), undefined);
    for (const text of ['{', '[]', '{"type":"authorized_user"}', 'AIzaSyA-not-a-key'])
      assert.match(validate?.(text) ?? '', /not the JSON key/);
  });

  it('lets a block end where it ends, whatever is in it', () => {
    const text = formatText('```\na ``` b\n```', 'markdown');
    assert.equal(text.match(/```/g)?.length, 2);
  });
});
