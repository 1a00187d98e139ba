import { z } from 'zod';
import {
  type AdapterContext,
  type ChannelAdapter,
  type ChannelDescriptor,
  ChannelError,
  type ChannelSettings,
  type ConnectedAccount,
} from '../../../src/channels/contract';
import type { LeasePort } from '../../../src/channels/manager/lease';
import { ChannelManager, type ChannelView } from '../../../src/channels/manager/manager';
import type { ChannelHold } from '../../../src/channels/manager/slot';
import { ChannelRegistry } from '../../../src/channels/registry';
import type { ChannelState } from '../../../src/engine/model/events';
import { Masking } from '../../../src/engine/vault/masking';
import { ManualClock } from '../../helpers/manual-clock';
import { MemoryJournal } from '../../helpers/memory-journal';
import { MemorySecrets } from '../../helpers/memory-secrets';
import { TestGate } from '../egress/gate';
import { collectingLogger, noServices } from './support';

export const ACCOUNT: ConnectedAccount = { account: 'bot-1', name: 'Work Bot', isBot: true };
export const SECRET = 'right-secret-value';
/** Good too, of the same account and of another one. */
export const ROTATED = 'rotated-secret-value';
export const OTHERS = 'secret-of-another-bot';

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
export class Puppet implements ChannelAdapter {
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

/** A manager with channels that do what the test says; what is around it can be changed while it runs. */
export class PuppetHouse {
  readonly clock = new ManualClock();
  readonly journal = new MemoryJournal(this.clock);
  readonly secrets = new MemorySecrets();
  readonly masking = new Masking();
  readonly gate = new TestGate();
  readonly puppets: Puppet[] = [];
  /** Channels whose code was loaded. */
  readonly loads: string[] = [];
  /** Keys of the leases that were given back. */
  readonly released: string[] = [];
  /** What the gateway was told. */
  readonly gateway: string[] = [];
  readonly logged: string[] = [];
  /** What the person set, for every channel. */
  settings: unknown = {};
  hold: ChannelHold | undefined;
  /** Another window that has the account. */
  holder: string | undefined;
  connect = async (): Promise<ConnectedAccount> => ACCOUNT;
  check = async (): Promise<ConnectedAccount> => ACCOUNT;

  constructor() {
    this.secrets.values.set('alpha/token', SECRET);
  }

  /** All four channels, with what this house holds. */
  make(): ChannelManager {
    const lease: LeasePort = {
      acquire: async (key) =>
        this.holder === undefined
          ? { held: true, release: async () => void this.released.push(key) }
          : { held: false, holder: this.holder },
    };
    const registry = new ChannelRegistry(
      async (id) => {
        this.loads.push(id);
        if (id === 'broken') throw new Error('no such file');
        return {
          createAdapter: (context) => {
            const puppet = new Puppet(context, { connect: () => this.connect(), check: () => this.check() });
            this.puppets.push(puppet);
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
        receive: async (message) => void this.gateway.push(`receive ${message.text}`),
        attach: (descriptor, { account }) => void this.gateway.push(`attach ${descriptor.id} ${account}`),
        detach: (channel) => void this.gateway.push(`detach ${channel}`),
      },
      secrets: this.secrets,
      records: this.journal,
      lease,
      clock: this.clock,
      log: collectingLogger(this.logged),
      masking: this.masking,
      egress: this.gate.egress,
      services: noServices(),
      random: () => 0,
      settings: () => this.settings,
      hold: () => this.hold,
    });
  }

  view(manager: ChannelManager, id = 'alpha'): ChannelView {
    return manager.list().find((channel) => channel.id === id)!;
  }

  states(): readonly ChannelState[] {
    return this.journal.ofType('channel.state').map(({ data }) => data.state);
  }
}
