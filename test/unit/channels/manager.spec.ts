import assert from 'node:assert/strict';
import { ChannelError, type ConnectedAccount } from '../../../src/channels/contract';
import { enabledChannels } from '../../../src/channels/manager/enabled';
import type { InboundMessage } from '../../../src/engine/model/message';
import { settle } from '../../helpers/manual-clock';
import { ACCOUNT, PuppetHouse, SECRET } from './puppet-house';

describe('channel manager', () => {
  let house: PuppetHouse;
  beforeEach(() => {
    house = new PuppetHouse();
  });
  afterEach(() => house.gate.close());

  it('loads the code of a channel when it is enabled, and of no other', async () => {
    const manager = house.make();
    await manager.restore([]);
    manager.list();
    await manager.refresh();
    assert.deepEqual(house.loads, []);
    await manager.enable('alpha');
    await manager.reconnect('alpha');
    assert.deepEqual(house.loads, ['alpha']);
    assert.equal(house.view(manager).state, 'online');
    assert.equal(house.view(manager, 'beta').state, 'off');
  });

  it('says which secrets a channel needs under the settings of now', () => {
    const manager = house.make();
    assert.deepEqual(house.view(manager, 'gamma').needs, ['token', 'app']);
    house.settings = { plain: true };
    assert.deepEqual(house.view(manager, 'gamma').needs, ['token']);
  });

  it('connects, names the account, and puts it all on the record', async () => {
    const manager = house.make();
    let changes = 0;
    manager.onChange(() => {
      changes += 1;
    });
    await manager.enable('alpha');
    await settle();
    assert.deepEqual(house.view(manager).account, ACCOUNT);
    assert.equal(house.view(manager).detail, 'Connected as Work Bot.');
    assert.deepEqual(house.gateway, ['attach alpha bot-1']);
    assert.deepEqual(house.states(), ['connecting', 'online']);
    assert.deepEqual(
      house.journal.ofType('channel.identity').map(({ data }) => data),
      [{ channel: 'alpha', account: 'bot-1', name: 'Work Bot', isBot: true }],
    );
    assert.equal(house.journal.ofType('channel.enabled').length, 1);
    assert.ok(changes >= 2);
  });

  it('waits longer after each failure, shows the next try, and writes one record for one outage', async () => {
    let fails = 12;
    house.connect = async () => {
      if (fails-- > 0) throw new ChannelError('temporary', 'The network is away.');
      return ACCOUNT;
    };
    const manager = house.make();
    await manager.enable('alpha');
    const waits: number[] = [];
    while (house.view(manager).state !== 'online') {
      const { state, detail, nextTryAt } = house.view(manager);
      assert.equal(state, 'waiting');
      assert.match(detail, /^The network is away\. Next try at \d\d:\d\d:\d\d\.$/);
      const wait = nextTryAt! - house.clock.now();
      waits.push(wait);
      await house.clock.advanceAsync(wait - 1);
      assert.equal(house.view(manager).nextTryAt, nextTryAt, 'not before its time');
      await house.clock.advanceAsync(1);
    }
    assert.deepEqual(waits.slice(0, 4), [500, 1_000, 2_000, 4_000]);
    assert.deepEqual(
      waits.slice(-2),
      [150_000, 150_000],
      'half of the longest step, with no luck in the jitter',
    );
    assert.deepEqual(house.states(), ['connecting', 'waiting', 'online']);
    assert.equal(house.puppets.length, 13);
    assert.ok(
      house.puppets.slice(0, -1).every(({ disconnects }) => disconnects === 1),
      'each try frees what it held',
    );
  });

  it('waits as long as the platform asks', async () => {
    house.connect = async () => {
      throw new ChannelError('rate-limited', 'Slow down.', 90_000);
    };
    const manager = house.make();
    await manager.enable('alpha');
    assert.equal(house.view(manager).nextTryAt, house.clock.now() + 90_000);
  });

  it('stops and asks for a person when the platform refuses, and tries again only when told', async () => {
    let refuse = true;
    house.connect = async () => {
      if (refuse) throw new ChannelError('fatal', 'The token was revoked. Enter a new one.');
      return ACCOUNT;
    };
    const manager = house.make();
    await manager.enable('alpha');
    assert.equal(house.view(manager).state, 'fatal');
    assert.equal(house.view(manager).detail, 'The token was revoked. Enter a new one.');
    await house.clock.advanceAsync(24 * 3600_000);
    assert.equal(house.puppets.length, 1);
    refuse = false;
    await manager.reconnect('alpha');
    assert.equal(house.view(manager).state, 'online');
  });

  it('lets go of an adapter that says it is over', async () => {
    const manager = house.make();
    await manager.enable('alpha');
    house.puppets[0]!.context.state('waiting', 'Lost. Next try at 10:00:00.', 1_234);
    assert.equal(house.view(manager).nextTryAt, 1_234, 'which is counted down');
    assert.equal(house.view(manager).state, 'waiting');
    house.puppets[0]!.context.state('online', 'Back.');
    assert.equal(house.view(manager).nextTryAt, undefined);
    house.puppets[0]!.context.state('fatal', 'In use elsewhere.');
    await settle();
    assert.equal(house.view(manager).state, 'fatal');
    assert.equal(house.puppets[0]!.disconnects, 1);
    assert.deepEqual(house.released, ['alpha:bot-1']);
    assert.equal(house.gateway.at(-1), 'detach alpha');
    house.puppets[0]!.context.state('online', 'not any more');
    assert.equal(house.view(manager).state, 'fatal');
    await assert.rejects(house.puppets[0]!.context.receive(message('late')), /not connected/);
  });

  it('lets only one window use an account, says who has it, and takes over after that', async () => {
    house.holder = 'the window “sample”';
    const manager = house.make();
    await manager.enable('alpha');
    assert.equal(house.view(manager).state, 'waiting');
    assert.match(
      house.view(manager).detail,
      /^This ALPHA account is in use by the window “sample”\. Only one window/,
    );
    assert.equal(house.puppets[0]?.connects, 0);
    house.holder = undefined;
    await house.clock.advanceAsync(500);
    assert.equal(house.view(manager).state, 'online');
    await manager.disable('alpha', 'test');
    assert.deepEqual(house.released, ['alpha:bot-1']);
  });

  it('switches off at once, in the middle of connecting too, and stays off', async () => {
    let finish: (account: ConnectedAccount) => void = () => {};
    house.connect = () => new Promise((resolve) => (finish = resolve));
    const manager = house.make();
    const enabling = manager.enable('alpha');
    await settle();
    await manager.disable('alpha', 'the owner said so');
    assert.equal(house.view(manager).state, 'off');
    finish(ACCOUNT);
    await enabling;
    await house.clock.advanceAsync(3600_000);
    assert.equal(house.view(manager).state, 'off');
    assert.equal(house.puppets[0]?.disconnects, 1);
    assert.ok(!house.gateway.some((line) => line.startsWith('attach')));
    await assert.rejects(house.puppets[0]!.context.receive(message('late')), /not connected/);
    const audit = {
      query: async () => ({
        records: [...house.journal.records].reverse(),
        total: house.journal.records.length,
      }),
    };
    assert.deepEqual(await enabledChannels(audit, ['alpha', 'beta']), []);
  });

  it('stops all channels with one call; closing the window keeps them for the next', async () => {
    house.secrets.values.set('beta/token', SECRET);
    const first = house.make();
    await first.enable('alpha');
    await first.enable('beta');
    await first.close();
    const audit = {
      query: async () => ({
        records: [...house.journal.records].reverse(),
        total: house.journal.records.length,
      }),
    };
    assert.deepEqual([...(await enabledChannels(audit, ['alpha', 'beta', 'x']))].sort(), ['alpha', 'beta']);
    const second = house.make();
    await second.restore(await enabledChannels(audit, ['alpha', 'beta']));
    assert.equal(house.view(second).state, 'online');
    await second.stopAll('panic');
    assert.deepEqual(
      second.list().map(({ state }) => state),
      ['off', 'off', 'off', 'off'],
    );
    assert.deepEqual(await enabledChannels(audit, ['alpha', 'beta']), []);
    assert.ok(house.puppets.every(({ disconnects }) => disconnects === 1));
  });

  it('reads which channels are enabled from pages, the newest record of each deciding', async () => {
    const record = (seq: number, type: 'channel.enabled' | 'channel.disabled', channel: string) =>
      ({ seq, type, data: { channel, account: '', reason: '' } }) as never;
    const pages = [
      {
        records: [record(9, 'channel.disabled', 'a'), record(8, 'channel.enabled', 'b')],
        nextBeforeSeq: 8,
        total: 4,
      },
      { records: [record(7, 'channel.enabled', 'a'), record(6, 'channel.disabled', 'b')], total: 4 },
    ];
    const asked: (number | undefined)[] = [];
    const audit = {
      query: async (_filter: object, page?: { beforeSeq?: number }) => {
        asked.push(page?.beforeSeq);
        return pages[asked.length - 1]!;
      },
    };
    assert.deepEqual(await enabledChannels(audit, ['a', 'b', 'c']), ['b']);
    assert.deepEqual(asked, [undefined, 8]);
  });

  it('stays off while the folder is not trusted, and comes when it is', async () => {
    house.hold = { state: 'restricted', detail: 'This folder is not trusted.' };
    const manager = house.make();
    await manager.enable('alpha');
    assert.deepEqual(
      [house.view(manager).state, house.view(manager).detail],
      ['restricted', 'This folder is not trusted.'],
    );
    assert.deepEqual(house.loads, []);
    house.hold = undefined;
    await manager.refresh();
    assert.equal(house.view(manager).state, 'online');
    house.hold = { state: 'off', detail: 'Everything was stopped.' };
    await manager.refresh();
    assert.equal(house.view(manager).state, 'off');
    assert.equal(house.puppets[0]?.disconnects, 1);
  });

  it('says which setting is wrong, what it must be and what to do', async () => {
    const manager = house.make();
    for (const [wrong, sentence] of [
      [
        { rooms: 'abc' },
        'The setting “cowork.channels.alpha.rooms” must be a list, but holds the text “abc”.',
      ],
      [{ rooms: [1] }, 'The setting “cowork.channels.alpha.rooms” must be a text, but holds the number 1.'],
      [{ port: '80' }, 'The setting “cowork.channels.alpha.port” must be a number, but holds the text “80”.'],
      [
        { port: 70000 },
        'The setting “cowork.channels.alpha.port” must be a port up to 65535, but holds the number 70000.',
      ],
      [
        { deep: { on: null } },
        'The setting “cowork.channels.alpha.deep” must be true or false, but holds nothing.',
      ],
      [
        { rooms: 'https://me:secret@host' },
        'The setting “cowork.channels.alpha.rooms” must be a list, but holds a text.',
      ],
      ['x', 'The setting “cowork.channels.alpha” must be a group of settings, but holds the text “x”.'],
    ] as const) {
      house.settings = wrong;
      await manager.enable('alpha');
      assert.equal(house.view(manager).state, 'unconfigured');
      assert.equal(
        house.view(manager).detail,
        `${sentence} Correct it in the Settings; until then ALPHA stays off.`,
      );
    }
    assert.deepEqual(house.loads, []);
    house.settings = { rooms: ['x'], unknown: 1 };
    await manager.enable('alpha');
    assert.equal(house.view(manager).state, 'online');
    assert.deepEqual(house.puppets[0]?.context.settings.rooms, ['x']);
  });

  it('says what is missing, and what cannot be loaded', async () => {
    const manager = house.make();
    await manager.enable('beta');
    assert.deepEqual(
      [house.view(manager, 'beta').state, house.view(manager, 'beta').detail],
      ['unconfigured', 'BETA needs its token. Ask the platform.'],
    );
    house.secrets.values.set('broken/token', SECRET);
    await manager.enable('broken');
    assert.equal(house.view(manager, 'broken').state, 'fatal');
    assert.match(house.view(manager, 'broken').detail, /could not be loaded/);
    await assert.rejects(manager.enable('nothing'), RangeError);
  });

  it('[FAQ-1] reaches the hosts of the channel and no others', async () => {
    const port = await house.gate.serve((_, response) => response.end('ok'));
    house.settings = { server: `127.0.0.1:${port}` };
    house.gate.names.set('example.test', ['127.0.0.1']);
    const manager = house.make();
    await manager.enable('alpha');
    const { fetch, admit } = house.puppets[0]!.context;
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/a`)).text(), 'ok');
    assert.deepEqual(house.gate.records[0]?.data, {
      purpose: 'channel:alpha',
      host: '127.0.0.1',
      port,
      secure: false,
    });
    for (const address of [
      // Not set by the person, so it may not lead to this machine.
      'https://example.test/',
      'https://example.test:8443/',
      'https://example.test.evil.test/',
      'https://evil.test/?https://example.test',
      'https://example.test@evil.test/',
      'file:///etc/passwd',
      'data:text/plain,x',
    ]) {
      await assert.rejects(fetch(address), (error: ChannelError) => error.kind === 'fatal', address);
    }
    const other = { host: 'evil.test', port: 443, tls: true };
    await assert.rejects(admit(other), (error: ChannelError) => error.kind === 'fatal');
    await admit({ host: '127.0.0.1', port, tls: false });
    await manager.disable('alpha', 'test');
    await assert.rejects(fetch(`http://127.0.0.1:${port}/a`), /switched off/);
  });

  it('refuses a message that an adapter brings for another channel', async () => {
    const manager = house.make();
    await manager.enable('alpha');
    await house.puppets[0]!.context.receive(message('hello'));
    await assert.rejects(house.puppets[0]!.context.receive({ ...message('x'), channel: 'beta' }));
    assert.deepEqual(
      house.gateway.filter((line) => line.startsWith('receive')),
      ['receive hello'],
    );
  });
});

function message(text: string): InboundMessage {
  return {
    channel: 'alpha',
    account: 'bot-1',
    conversation: 'c',
    context: 'dm',
    sender: { id: '1', displayName: '', isBot: false, isSelf: false },
    text,
    attachments: [],
    platformId: '1',
    receivedAt: 0,
    addressed: true,
  };
}
