import assert from 'node:assert/strict';
import { z } from 'zod';
import {
  type AdapterContext,
  type ChannelAdapter,
  type ChannelDescriptor,
  ChannelError,
  type ChannelSettings,
  type ConnectedAccount,
} from '../../../src/channels/contract';
import { enabledChannels } from '../../../src/channels/manager/enabled';
import type { LeasePort } from '../../../src/channels/manager/lease';
import { ChannelManager } from '../../../src/channels/manager/manager';
import type { ChannelHold } from '../../../src/channels/manager/slot';
import { ChannelRegistry } from '../../../src/channels/registry';
import type { InboundMessage } from '../../../src/engine/model/message';
import { Masking } from '../../../src/engine/vault/masking';
import { ManualClock, settle } from '../../helpers/manual-clock';
import { MemoryJournal } from '../../helpers/memory-journal';
import { TestGate } from '../egress/gate';
import { collectingLogger, MemorySecrets, noServices } from './support';

const ACCOUNT: ConnectedAccount = { account: 'bot-1', name: 'Work Bot', isBot: true };
const SECRET = 'right-secret-value';
/** Good too, of the same account and of another one. */
const ROTATED = 'rotated-secret-value';
const OTHERS = 'secret-of-another-bot';

function describeChannel(id: string): ChannelDescriptor {
  return {
    id,
    name: id.toUpperCase(),
    icon: 'plug',
    summary: '',
    secrets: [
      {
        name: 'token',
        label: 'Token',
        help: 'Ask the platform.',
        validate: (value) => (value.includes(' ') ? 'A token has no spaces.' : undefined),
      },
    ],
    settings: z.object({
      rooms: z.array(z.string()).default([]),
      port: z.number().max(65535, 'must be a port up to 65535').default(0),
      deep: z.object({ on: z.boolean() }).default({ on: true }),
    }),
    capabilities: {
      maxLength: 100,
      edit: false,
      buttons: false,
      threads: false,
      typing: false,
      fileBytes: 0,
      contexts: ['dm'],
    },
    setup: [],
    links: [],
    hosts: ({ server }) => ['example.test', ...(typeof server === 'string' ? [server] : [])],
  };
}

function withTwoSecrets(id: string): ChannelDescriptor {
  const channel = describeChannel(id);
  const app = {
    name: 'app',
    label: 'App token',
    help: '',
    neededWith: (settings: ChannelSettings) => settings.plain !== true,
  };
  return { ...channel, secrets: [...channel.secrets, app] };
}

/** An adapter that does what the test says, and keeps count. */
class Puppet implements ChannelAdapter {
  disconnects = 0;
  connects = 0;
  constructor(
    readonly context: AdapterContext,
    private readonly script: { connect(): Promise<ConnectedAccount>; check(): Promise<ConnectedAccount> },
  ) {}
  async check() {
    const token = (await this.context.secret('token')) ?? '';
    if (token === OTHERS) return { ...ACCOUNT, account: 'other', name: 'Other bot' };
    if (![SECRET, ROTATED].includes(token)) {
      throw new ChannelError('fatal', 'The platform refused the token.');
    }
    if ((await this.context.secret('app')) === 'wrong-app-value')
      throw new ChannelError('fatal', 'The platform refused the app token.');
    return this.script.check();
  }
  async connect() {
    this.connects += 1;
    return this.script.connect();
  }
  async disconnect() {
    this.disconnects += 1;
  }
  async send() {
    return { platformIds: [] };
  }
}

describe('channel manager', () => {
  let clock: ManualClock;
  let journal: MemoryJournal;
  let secrets: MemorySecrets;
  let masking: Masking;
  let gate: TestGate;
  let puppets: Puppet[];
  let loads: string[];
  let settings: Record<string, unknown>;
  let hold: ChannelHold | undefined;
  let holder: string | undefined;
  let released: string[];
  let gateway: string[];
  let logged: string[];
  let connect: () => Promise<ConnectedAccount>;
  let check: () => Promise<ConnectedAccount>;

  beforeEach(() => {
    clock = new ManualClock();
    journal = new MemoryJournal(clock);
    secrets = new MemorySecrets();
    masking = new Masking();
    secrets.values.set('alpha/token', SECRET);
    gate = new TestGate();
    puppets = [];
    loads = [];
    settings = {};
    hold = undefined;
    holder = undefined;
    released = [];
    gateway = [];
    logged = [];
    connect = async () => ACCOUNT;
    check = async () => ACCOUNT;
  });

  afterEach(() => gate.close());

  function make(): ChannelManager {
    const lease: LeasePort = {
      acquire: async (key) =>
        holder === undefined
          ? { held: true, release: async () => void released.push(key) }
          : { held: false, holder },
    };
    const registry = new ChannelRegistry(
      async (id) => {
        loads.push(id);
        if (id === 'broken') throw new Error('no such file');
        return {
          createAdapter: (context) => {
            const puppet = new Puppet(context, { connect: () => connect(), check: () => check() });
            puppets.push(puppet);
            return puppet;
          },
        };
      },
      new Map(),
      [describeChannel('alpha'), describeChannel('beta'), describeChannel('broken'), withTwoSecrets('gamma')],
    );
    return new ChannelManager({
      registry,
      gateway: {
        receive: async (message) => void gateway.push(`receive ${message.text}`),
        attach: (descriptor, { account }) => void gateway.push(`attach ${descriptor.id} ${account}`),
        detach: (channel) => void gateway.push(`detach ${channel}`),
      },
      secrets,
      records: journal,
      lease,
      clock,
      log: collectingLogger(logged),
      masking,
      egress: gate.egress,
      services: noServices(),
      random: () => 0,
      settings: () => settings,
      hold: () => hold,
    });
  }

  const view = (manager: ChannelManager, id = 'alpha') =>
    manager.list().find((channel) => channel.id === id)!;
  const states = () => journal.ofType('channel.state').map(({ data }) => data.state);

  it('loads the code of a channel when it is enabled, and of no other', async () => {
    const manager = make();
    await manager.restore([]);
    manager.list();
    await manager.refresh();
    assert.deepEqual(loads, []);
    await manager.enable('alpha');
    await manager.reconnect('alpha');
    assert.deepEqual(loads, ['alpha']);
    assert.equal(view(manager).state, 'online');
    assert.equal(view(manager, 'beta').state, 'off');
  });

  it('says which secrets a channel needs under the settings of now', () => {
    const manager = make();
    assert.deepEqual(view(manager, 'gamma').needs, ['token', 'app']);
    settings = { plain: true };
    assert.deepEqual(view(manager, 'gamma').needs, ['token']);
  });

  it('connects, names the account, and puts it all on the record', async () => {
    const manager = make();
    let changes = 0;
    manager.onChange(() => {
      changes += 1;
    });
    await manager.enable('alpha');
    await settle();
    assert.deepEqual(view(manager).account, ACCOUNT);
    assert.equal(view(manager).detail, 'Connected as Work Bot.');
    assert.deepEqual(gateway, ['attach alpha bot-1']);
    assert.deepEqual(states(), ['connecting', 'online']);
    assert.deepEqual(
      journal.ofType('channel.identity').map(({ data }) => data),
      [{ channel: 'alpha', account: 'bot-1', name: 'Work Bot', isBot: true }],
    );
    assert.equal(journal.ofType('channel.enabled').length, 1);
    assert.ok(changes >= 2);
  });

  it('waits longer after each failure, shows the next try, and writes one record for one outage', async () => {
    let fails = 12;
    connect = async () => {
      if (fails-- > 0) throw new ChannelError('temporary', 'The network is away.');
      return ACCOUNT;
    };
    const manager = make();
    await manager.enable('alpha');
    const waits: number[] = [];
    while (view(manager).state !== 'online') {
      const { state, detail, nextTryAt } = view(manager);
      assert.equal(state, 'waiting');
      assert.match(detail, /^The network is away\. Next try at \d\d:\d\d:\d\d\.$/);
      const wait = nextTryAt! - clock.now();
      waits.push(wait);
      await clock.advanceAsync(wait - 1);
      assert.equal(view(manager).nextTryAt, nextTryAt, 'not before its time');
      await clock.advanceAsync(1);
    }
    assert.deepEqual(waits.slice(0, 4), [500, 1_000, 2_000, 4_000]);
    assert.deepEqual(
      waits.slice(-2),
      [150_000, 150_000],
      'half of the longest step, with no luck in the jitter',
    );
    assert.deepEqual(states(), ['connecting', 'waiting', 'online']);
    assert.equal(puppets.length, 13);
    assert.ok(
      puppets.slice(0, -1).every(({ disconnects }) => disconnects === 1),
      'each try frees what it held',
    );
  });

  it('waits as long as the platform asks', async () => {
    connect = async () => {
      throw new ChannelError('rate-limited', 'Slow down.', 90_000);
    };
    const manager = make();
    await manager.enable('alpha');
    assert.equal(view(manager).nextTryAt, clock.now() + 90_000);
  });

  it('stops and asks for a person when the platform refuses, and tries again only when told', async () => {
    let refuse = true;
    connect = async () => {
      if (refuse) throw new ChannelError('fatal', 'The token was revoked. Enter a new one.');
      return ACCOUNT;
    };
    const manager = make();
    await manager.enable('alpha');
    assert.equal(view(manager).state, 'fatal');
    assert.equal(view(manager).detail, 'The token was revoked. Enter a new one.');
    await clock.advanceAsync(24 * 3600_000);
    assert.equal(puppets.length, 1);
    refuse = false;
    await manager.reconnect('alpha');
    assert.equal(view(manager).state, 'online');
  });

  it('lets go of an adapter that says it is over', async () => {
    const manager = make();
    await manager.enable('alpha');
    puppets[0]!.context.state('waiting', 'Lost. Next try at 10:00:00.', 1_234);
    assert.equal(manager.list()[0]?.nextTryAt, 1_234, 'which is counted down');
    assert.equal(view(manager).state, 'waiting');
    puppets[0]!.context.state('online', 'Back.');
    assert.equal(manager.list()[0]?.nextTryAt, undefined);
    puppets[0]!.context.state('fatal', 'In use elsewhere.');
    await settle();
    assert.equal(view(manager).state, 'fatal');
    assert.equal(puppets[0]!.disconnects, 1);
    assert.deepEqual(released, ['alpha:bot-1']);
    assert.equal(gateway.at(-1), 'detach alpha');
    puppets[0]!.context.state('online', 'not any more');
    assert.equal(view(manager).state, 'fatal');
    await assert.rejects(puppets[0]!.context.receive(message('late')), /not connected/);
  });

  it('lets only one window use an account, says who has it, and takes over after that', async () => {
    holder = 'the window “sample”';
    const manager = make();
    await manager.enable('alpha');
    assert.equal(view(manager).state, 'waiting');
    assert.match(
      view(manager).detail,
      /^This ALPHA account is in use by the window “sample”\. Only one window/,
    );
    assert.equal(puppets[0]?.connects, 0);
    holder = undefined;
    await clock.advanceAsync(500);
    assert.equal(view(manager).state, 'online');
    await manager.disable('alpha', 'test');
    assert.deepEqual(released, ['alpha:bot-1']);
  });

  it('switches off at once, in the middle of connecting too, and stays off', async () => {
    let finish: (account: ConnectedAccount) => void = () => {};
    connect = () => new Promise((resolve) => (finish = resolve));
    const manager = make();
    const enabling = manager.enable('alpha');
    await settle();
    await manager.disable('alpha', 'the owner said so');
    assert.equal(view(manager).state, 'off');
    finish(ACCOUNT);
    await enabling;
    await clock.advanceAsync(3600_000);
    assert.equal(view(manager).state, 'off');
    assert.equal(puppets[0]?.disconnects, 1);
    assert.ok(!gateway.some((line) => line.startsWith('attach')));
    await assert.rejects(puppets[0]!.context.receive(message('late')), /not connected/);
    const audit = {
      query: async () => ({ records: [...journal.records].reverse(), total: journal.records.length }),
    };
    assert.deepEqual(await enabledChannels(audit, ['alpha', 'beta']), []);
  });

  it('stops all channels with one call; closing the window keeps them for the next', async () => {
    secrets.values.set('beta/token', SECRET);
    const first = make();
    await first.enable('alpha');
    await first.enable('beta');
    await first.close();
    const audit = {
      query: async () => ({ records: [...journal.records].reverse(), total: journal.records.length }),
    };
    assert.deepEqual([...(await enabledChannels(audit, ['alpha', 'beta', 'x']))].sort(), ['alpha', 'beta']);
    const second = make();
    await second.restore(await enabledChannels(audit, ['alpha', 'beta']));
    assert.equal(view(second).state, 'online');
    await second.stopAll('panic');
    assert.deepEqual(
      second.list().map(({ state }) => state),
      ['off', 'off', 'off', 'off'],
    );
    assert.deepEqual(await enabledChannels(audit, ['alpha', 'beta']), []);
    assert.ok(puppets.every(({ disconnects }) => disconnects === 1));
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
    hold = { state: 'restricted', detail: 'This folder is not trusted.' };
    const manager = make();
    await manager.enable('alpha');
    assert.deepEqual(
      [view(manager).state, view(manager).detail],
      ['restricted', 'This folder is not trusted.'],
    );
    assert.deepEqual(loads, []);
    hold = undefined;
    await manager.refresh();
    assert.equal(view(manager).state, 'online');
    hold = { state: 'off', detail: 'Everything was stopped.' };
    await manager.refresh();
    assert.equal(view(manager).state, 'off');
    assert.equal(puppets[0]?.disconnects, 1);
  });

  it('says which setting is wrong, what it must be and what to do', async () => {
    const manager = make();
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
      settings = wrong as unknown as Record<string, unknown>;
      await manager.enable('alpha');
      assert.equal(view(manager).state, 'unconfigured');
      assert.equal(
        view(manager).detail,
        `${sentence} Correct it in the Settings; until then ALPHA stays off.`,
      );
    }
    assert.deepEqual(loads, []);
    settings = { rooms: ['x'], unknown: 1 };
    await manager.enable('alpha');
    assert.equal(view(manager).state, 'online');
    assert.deepEqual(puppets[0]?.context.settings.rooms, ['x']);
  });

  it('says what is missing, and what cannot be loaded', async () => {
    const manager = make();
    await manager.enable('beta');
    assert.deepEqual(
      [view(manager, 'beta').state, view(manager, 'beta').detail],
      ['unconfigured', 'BETA needs its token. Ask the platform.'],
    );
    secrets.values.set('broken/token', SECRET);
    await manager.enable('broken');
    assert.equal(view(manager, 'broken').state, 'fatal');
    assert.match(view(manager, 'broken').detail, /could not be loaded/);
    await assert.rejects(manager.enable('nothing'), RangeError);
  });

  it('keeps none of several secrets when the platform refuses one of them', async () => {
    const manager = make();
    await assert.rejects(
      manager.storeSecrets('gamma', { token: SECRET, app: 'wrong-app-value' }),
      /refused the app token/,
    );
    assert.deepEqual([...secrets.values.keys()], ['alpha/token']);
    assert.deepEqual(await manager.storeSecrets('gamma', { token: SECRET, app: 'right-app' }), ACCOUNT);
    assert.equal(secrets.values.get('gamma/token'), SECRET);
    assert.equal(secrets.values.get('gamma/app'), 'right-app');
    assert.ok(!JSON.stringify([journal.records, logged]).includes('right-app'));
  });

  it('stops waiting for a check at once, disconnects it, and keeps nothing that it answers later', async () => {
    const manager = make();
    let answer = (_account: ConnectedAccount) => {};
    check = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const stop = new AbortController();
    const storing = manager.storeSecrets('alpha', { token: ROTATED }, stop.signal);
    const refused = assert.rejects(storing, /cancelled. Nothing was changed/);
    while (puppets.length === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    await refused;
    answer(ACCOUNT);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(secrets.values.get('alpha/token'), SECRET);
    assert.equal(puppets[0]?.disconnects, 1);
  });

  it('keeps a secret only after the platform took it, and never tells it', async () => {
    const manager = make();
    await assert.rejects(manager.storeSecret('beta', 'token', 'has spaces'), /no spaces/);
    assert.deepEqual(loads, [], 'what cannot be right is not sent anywhere');
    await assert.rejects(manager.storeSecret('beta', 'token', 'wrong-secret-value'), /refused the token/);
    assert.equal(secrets.values.has('beta/token'), false);
    assert.deepEqual(await manager.storeSecret('beta', 'token', SECRET), ACCOUNT);
    assert.equal(secrets.values.get('beta/token'), SECRET);
    await manager.storeSecret('beta', 'token', SECRET);
    await manager.storeSecret('beta', 'token', ROTATED);
    assert.deepEqual(
      journal.ofType('secret.event').map(({ data }) => data.event),
      ['refused', 'refused', 'checked', 'stored', 'checked', 'checked', 'rotated'],
    );
    assert.ok(puppets.every(({ connects, disconnects }) => connects === 0 && disconnects === 1));
    const everything = JSON.stringify([journal.records, logged]);
    for (const secret of [SECRET, 'wrong-secret-value', 'has spaces'])
      assert.ok(!everything.includes(secret));
    await manager.enable('beta');
    await manager.forgetSecrets('beta');
    assert.equal(view(manager, 'beta').state, 'unconfigured');
  });

  it('[FAQ-2] masks a secret from the moment it was typed, taken or not, also in what an adapter says', async () => {
    const manager = make();
    await assert.rejects(manager.storeSecret('beta', 'token', 'wrong-secret-value'), /refused/);
    assert.equal(masking.mask('x wrong-secret-value'), 'x ‹secret beta/token›');
    await manager.storeSecret('beta', 'token', SECRET);
    connect = async () => {
      throw new ChannelError('fatal', `https://platform/bot${SECRET}/getMe answered 500`);
    };
    await manager.enable('beta');
    assert.equal(view(manager, 'beta').detail, 'https://platform/bot‹secret beta/token›/getMe answered 500');
  });

  it('[MT-2] rotates a secret only after the platform took the new one, for the same account', async () => {
    const manager = make();
    await assert.rejects(manager.rotateSecret('beta', 'token', SECRET), /no .*token to replace yet/);
    await manager.storeSecret('beta', 'token', SECRET);
    await manager.enable('beta');
    const kept = () => secrets.values.get('beta/token');
    await assert.rejects(manager.rotateSecret('beta', 'token', SECRET), /stored already/);
    await assert.rejects(manager.rotateSecret('beta', 'token', 'has spaces'), /no spaces/);
    await assert.rejects(manager.rotateSecret('beta', 'token', 'wrong-secret-value'), /refused the token/);
    await assert.rejects(manager.rotateSecret('beta', 'token', OTHERS), /belongs to Other bot/);
    assert.equal(kept(), SECRET);
    assert.equal(view(manager, 'beta').state, 'online');
    assert.ok(!journal.ofType('secret.event').some(({ data }) => data.event === 'rotated'));
    assert.deepEqual(await manager.rotateSecret('beta', 'token', ROTATED), ACCOUNT);
    assert.equal(kept(), ROTATED);
    assert.equal(view(manager, 'beta').state, 'online');
    assert.deepEqual(journal.ofType('secret.event').at(-1)?.data, {
      name: 'beta/token',
      event: 'rotated',
      detail: '',
    });
    const everything = JSON.stringify([journal.records, logged]);
    for (const secret of [SECRET, ROTATED, OTHERS]) assert.ok(!everything.includes(secret));
  });

  it('[FAQ-1] reaches the hosts of the channel and no others', async () => {
    const port = await gate.serve((_, response) => response.end('ok'));
    settings = { server: `127.0.0.1:${port}` };
    gate.names.set('example.test', ['127.0.0.1']);
    const manager = make();
    await manager.enable('alpha');
    const { fetch, admit } = puppets[0]!.context;
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/a`)).text(), 'ok');
    assert.deepEqual(gate.records[0]?.data, {
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
    const manager = make();
    await manager.enable('alpha');
    await puppets[0]!.context.receive(message('hello'));
    await assert.rejects(puppets[0]!.context.receive({ ...message('x'), channel: 'beta' }));
    assert.deepEqual(
      gateway.filter((line) => line.startsWith('receive')),
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
