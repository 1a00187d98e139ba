import assert from 'node:assert/strict';
import { ChannelError, type ConnectedAccount } from '../../../src/channels/contract';
import { ACCOUNT, OTHERS, PuppetHouse, ROTATED, SECRET } from './puppet-house';

describe('credentials of the channels', () => {
  let house: PuppetHouse;
  beforeEach(() => {
    house = new PuppetHouse();
  });
  afterEach(() => house.gate.close());

  it('keeps none of several secrets when the platform refuses one of them', async () => {
    const manager = house.make();
    await assert.rejects(
      manager.credentials.store('gamma', { token: SECRET, app: 'wrong-app-value' }),
      /refused the app token/,
    );
    assert.deepEqual([...house.secrets.values.keys()], ['alpha/token']);
    assert.deepEqual(await manager.credentials.store('gamma', { token: SECRET, app: 'right-app' }), ACCOUNT);
    assert.equal(house.secrets.values.get('gamma/token'), SECRET);
    assert.equal(house.secrets.values.get('gamma/app'), 'right-app');
    assert.ok(!JSON.stringify([house.journal.records, house.logged]).includes('right-app'));
  });

  it('stops waiting for a check at once, disconnects it, and keeps nothing that it answers later', async () => {
    const manager = house.make();
    let answer = (_account: ConnectedAccount) => {};
    house.check = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const stop = new AbortController();
    const storing = manager.credentials.store('alpha', { token: ROTATED }, stop.signal);
    const refused = assert.rejects(storing, /cancelled. Nothing was changed/);
    while (house.puppets.length === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    await refused;
    answer(ACCOUNT);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(house.secrets.values.get('alpha/token'), SECRET);
    assert.equal(house.puppets[0]?.disconnects, 1);
  });

  it('keeps a secret only after the platform took it, and never tells it', async () => {
    const manager = house.make();
    await assert.rejects(manager.credentials.store('beta', { token: 'has spaces' }), /no spaces/);
    assert.deepEqual(house.loads, [], 'what cannot be right is not sent anywhere');
    await assert.rejects(
      manager.credentials.store('beta', { token: 'wrong-secret-value' }),
      /refused the token/,
    );
    assert.equal(house.secrets.values.has('beta/token'), false);
    assert.deepEqual(await manager.credentials.store('beta', { token: SECRET }), ACCOUNT);
    assert.equal(house.secrets.values.get('beta/token'), SECRET);
    await manager.credentials.store('beta', { token: SECRET });
    await manager.credentials.store('beta', { token: ROTATED });
    assert.deepEqual(
      house.journal.ofType('secret.event').map(({ data }) => data.event),
      ['refused', 'refused', 'checked', 'stored', 'checked', 'checked', 'rotated'],
    );
    assert.ok(house.puppets.every(({ connects, disconnects }) => connects === 0 && disconnects === 1));
    const everything = JSON.stringify([house.journal.records, house.logged]);
    for (const secret of [SECRET, 'wrong-secret-value', 'has spaces'])
      assert.ok(!everything.includes(secret));
    await manager.enable('beta');
    await manager.credentials.forget('beta');
    assert.equal(house.view(manager, 'beta').state, 'unconfigured');
  });

  it('[FAQ-2] masks a secret from the moment it was typed, taken or not, also in what an adapter says', async () => {
    const manager = house.make();
    await assert.rejects(manager.credentials.store('beta', { token: 'wrong-secret-value' }), /refused/);
    assert.equal(house.masking.mask('x wrong-secret-value'), 'x ‹secret beta/token›');
    await manager.credentials.store('beta', { token: SECRET });
    house.connect = async () => {
      throw new ChannelError('fatal', `https://platform/bot${SECRET}/getMe answered 500`);
    };
    await manager.enable('beta');
    assert.equal(
      house.view(manager, 'beta').detail,
      'https://platform/bot‹secret beta/token›/getMe answered 500',
    );
  });

  it('[MT-2] rotates a secret only after the platform took the new one, for the same account', async () => {
    const manager = house.make();
    await assert.rejects(manager.credentials.rotate('beta', 'token', SECRET), /no .*token to replace yet/);
    await manager.credentials.store('beta', { token: SECRET });
    await manager.enable('beta');
    const kept = () => house.secrets.values.get('beta/token');
    await assert.rejects(manager.credentials.rotate('beta', 'token', SECRET), /stored already/);
    await assert.rejects(manager.credentials.rotate('beta', 'token', 'has spaces'), /no spaces/);
    await assert.rejects(
      manager.credentials.rotate('beta', 'token', 'wrong-secret-value'),
      /refused the token/,
    );
    await assert.rejects(manager.credentials.rotate('beta', 'token', OTHERS), /belongs to Other bot/);
    assert.equal(kept(), SECRET);
    assert.equal(house.view(manager, 'beta').state, 'online');
    assert.ok(!house.journal.ofType('secret.event').some(({ data }) => data.event === 'rotated'));
    assert.deepEqual(await manager.credentials.rotate('beta', 'token', ROTATED), ACCOUNT);
    assert.equal(kept(), ROTATED);
    assert.equal(house.view(manager, 'beta').state, 'online');
    assert.deepEqual(house.journal.ofType('secret.event').at(-1)?.data, {
      name: 'beta/token',
      event: 'rotated',
      detail: '',
    });
    const everything = JSON.stringify([house.journal.records, house.logged]);
    for (const secret of [SECRET, ROTATED, OTHERS]) assert.ok(!everything.includes(secret));
  });
});
