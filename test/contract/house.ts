import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChannelAdapter } from '../../src/channels/contract';
import { Gateway } from '../../src/channels/gateway/gateway';
import type { GatewayLimits } from '../../src/channels/gateway/limits';
import type { Reply } from '../../src/channels/gateway/outbox';
import { FolderQuarantine } from '../../src/channels/gateway/quarantine';
import { ChannelManager } from '../../src/channels/manager/manager';
import { ChannelRegistry } from '../../src/channels/registry';
import { accessProjection } from '../../src/engine/access/projection';
import { AccessService } from '../../src/engine/access/service';
import { messagesProjection } from '../../src/engine/messages/projection';
import type { ChannelState } from '../../src/engine/model/events';
import {
  type ChatContext,
  conversationKey,
  type IdentityKey,
  identityKey,
} from '../../src/engine/model/identity';
import type { InboundMessage } from '../../src/engine/model/message';
import type { Disposable } from '../../src/engine/model/ports';
import { Masking } from '../../src/engine/vault/masking';
import { OutgoingFiles, readChannelFile } from '../../src/session/channel-files';
import { MemoryJournal } from '../helpers/memory-journal';
import { MemorySecrets } from '../helpers/memory-secrets';
import { collectingLogger, MemoryStore, noServices } from '../unit/channels/support';
import { TestGate } from '../unit/egress/gate';
import type { ChannelBench, Seen } from './bench';
import { ScaledClock } from './clock';
import { openDoors } from './door';
import { type Answer, engineStandIn } from './engine';

export interface HouseOptions {
  /** Nobody is let in. */
  readonly strangers?: true;
  readonly limits?: Partial<GatewayLimits>;
  /** As that of `ChannelBench.start`; the bench's own when absent. */
  readonly speed?: number;
  /** In [0, 1); 0 when absent. */
  random?(): number;
  /** Whether the engine can put the next message on record; it always can when absent. */
  failing?(): boolean;
}

/**
 * A channel in the house that it ships in: gateway, manager, access and record are the real ones. Only the engine
 * behind the gateway is played: it admits, writes down what it heard, and answers.
 */
export class ContractHouse {
  /** What people who are let in were heard to say. */
  readonly heard: InboundMessage[] = [];
  readonly logged: string[] = [];
  readonly states: { readonly state: ChannelState; readonly detail: string }[] = [];
  /** For the channel alone, so that its timers can be counted. */
  readonly channelClock: ScaledClock;
  readonly journal: MemoryJournal;
  readonly secrets = new MemorySecrets();
  answer: Answer = (message) => ({ text: `You said: ${message.text}` });
  access!: AccessService;
  gateway!: Gateway;
  manager!: ChannelManager;
  private doors!: ReturnType<typeof openDoors>;
  adapter: ChannelAdapter | undefined;
  /** Messages that the gateway could not take. */
  failures = 0;
  private readonly clock: ScaledClock;
  private readonly store = new MemoryStore();
  private readonly gate = new TestGate();
  private readonly state;
  private readonly messages;
  private folder = '';
  private account = '';

  private constructor(
    readonly bench: ChannelBench,
    readonly options: HouseOptions,
  ) {
    this.clock = new ScaledClock(this.speed, LONG_MS);
    this.channelClock = new ScaledClock(this.speed, this.speed > (bench.speed ?? 1) ? LONG_MS : undefined);
    this.journal = new MemoryJournal(this.clock);
    this.state = this.journal.project(accessProjection);
    this.messages = this.journal.project(messagesProjection);
  }

  /** The platform runs, the channel is online, and both people are let in. */
  static async open(bench: ChannelBench, options: HouseOptions = {}): Promise<ContractHouse> {
    const house = new ContractHouse(bench, options);
    await bench.start(house.speed);
    house.folder = await mkdtemp(join(tmpdir(), 'cowork-contract-'));
    bench.livesIn?.(house.folder);
    for (const [name, value] of Object.entries(bench.secrets()))
      house.secrets.values.set(`${house.id}/${name}`, value);
    house.build();
    try {
      await house.connect();
      if (!options.strangers) for (const person of bench.people) await house.letIn(person);
    } catch (error) {
      await house.close();
      throw error;
    }
    return house;
  }

  get speed(): number {
    return this.options.speed ?? this.bench.speed ?? 1;
  }

  get id(): string {
    return this.bench.descriptor.id;
  }

  /** The room of this channel that is not a DM, where it has one. */
  static room(bench: ChannelBench): ChatContext | undefined {
    return bench.descriptor.capabilities.contexts.find((context) => context !== 'dm');
  }

  /** Enables the channel and waits until it is online. */
  async connect(): Promise<void> {
    await this.manager.enable(this.id);
    await this.until(() => this.view.state === 'online', 'the channel to be online');
    this.account = this.view.account?.account ?? '';
  }

  get view() {
    const view = this.manager.list().find(({ id }) => id === this.id);
    assert.ok(view);
    return view;
  }

  who(sender: string): IdentityKey {
    return identityKey({ channel: this.id, account: this.account, sender });
  }

  /** As the owner does at the desk; a room is let in as well. */
  async letIn(person: string): Promise<void> {
    const { bench, id: channel, account } = this;
    for (const context of bench.descriptor.capabilities.contexts) {
      if (context !== 'dm') {
        const conversation = conversationKey({ channel, account, conversation: bench.conversation(context) });
        await this.journal.append({
          type: 'access.conversation.admitted',
          actor: 'desk',
          subject: conversation,
          data: { conversation, channel, account, how: 'desk', context },
        });
      }
      const user = this.who(person);
      await this.journal.append({
        type: 'access.admitted',
        actor: 'desk',
        subject: user,
        data: { user, displayName: person, role: 'member', how: 'desk', context },
      });
    }
  }

  /** Something that the engine says of its own accord, to the first person. */
  say(text: string, context: ChatContext, more: Partial<Reply> = {}): Promise<void> {
    const { id: channel, account, bench } = this;
    return this.gateway.say({
      channel,
      account,
      conversation: bench.conversation(context),
      to: this.who(bench.people[0]),
      text,
      format: 'text',
      ...more,
    });
  }

  /** The engine works on something that the first person asked for there, until what is returned is disposed of. */
  work(context: ChatContext): Disposable {
    const { id: channel, account, bench } = this;
    const conversation = bench.conversation(context);
    return this.gateway.working({
      channel,
      account,
      conversation,
      to: this.who(bench.people[0]),
      taskId: 't1',
    });
  }

  /** As after the window was closed and opened: the record, secrets and the channel's store are left. */
  async restart(): Promise<void> {
    await this.shut();
    this.journal.restart();
    this.build();
    await this.connect();
  }

  /** Ends the channel and all that was around it, and says whether anything stayed behind. */
  async close(): Promise<void> {
    try {
      await this.shut();
    } finally {
      await this.bench.stop();
      await rm(this.folder, { recursive: true, force: true });
    }
  }

  /** What must hold whatever was tried: no secret is anywhere, and the platform saw nothing done wrong. */
  check(): void {
    const kept = JSON.stringify([this.logged, this.states, this.journal.records, this.gate.records]);
    for (const [name, value] of this.secrets.values) {
      for (const form of [value, encodeURIComponent(value), Buffer.from(value).toString('base64')]) {
        // A short one, as a port or a word, may be anywhere by chance.
        if (form.length >= 8)
          assert.ok(!kept.includes(form), `the secret “${name}” is in a log, state or record`);
      }
    }
    assert.deepEqual(this.bench.violations(), [], 'what the platform saw the channel do wrong');
  }

  /** Waits by the machine's clock. The limit only ends a test that has failed already. */
  async until(condition: () => boolean, what: string, limitMs = 15_000): Promise<void> {
    const end = Date.now() + limitMs;
    while (!condition()) {
      if (Date.now() > end) {
        const { state, detail } = this.view;
        assert.fail(
          `waited in vain for ${what} (${state}: ${detail}); heard ${JSON.stringify(this.texts)}; log ${this.logged.slice(-5).join(' | ')}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Waits so many milliseconds of the channel's clock. */
  pass(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms / this.speed));
  }

  get texts(): string[] {
    return this.heard.map(({ text }) => text.trim());
  }

  /** Somebody says it and the engine has heard it. */
  async tell(text: string, context: ChatContext, from?: string): Promise<InboundMessage> {
    await this.bench.say({ text, context, ...(from === undefined ? {} : { from }) });
    return this.hear(text);
  }

  async hear(text: string, limitMs?: number): Promise<InboundMessage> {
    await this.until(() => this.texts.includes(text), `“${text.slice(0, 60)}” to be heard`, limitMs);
    const found = this.heard.find((message) => message.text.trim() === text);
    assert.ok(found);
    return found;
  }

  /** Our message in that conversation whose text has this in it. */
  async see(part: string, context: ChatContext, limitMs?: number): Promise<Seen> {
    const find = () => this.bench.seen(context).find(({ text }) => text.includes(part));
    await this.until(() => find() !== undefined, `“${part.slice(0, 60)}” to be seen`, limitMs);
    const seen = find();
    assert.ok(seen);
    return seen;
  }

  count(part: string, context: ChatContext): number {
    return this.bench.seen(context).filter(({ text }) => text.includes(part)).length;
  }

  /** The channel as the engine's replies find it. */
  idle(): boolean {
    return this.gateway.waiting.outbound === 0 && this.gateway.waiting.inbound === 0;
  }

  private async shut(): Promise<void> {
    await this.manager.close();
    await this.doors.close();
    await this.gateway.close();
    this.access.dispose();
  }

  private build(): void {
    const log = collectingLogger(this.logged);
    this.doors = openDoors(this.bench, { journal: this.journal, secrets: this.secrets, log });
    const random = () => this.options.random?.() ?? 0;
    const access = new AccessService({
      records: this.journal,
      clock: this.clock,
      state: this.state,
      config: () => ({}),
      codeCost: 1,
    });
    this.access = access;
    const gateway = new Gateway({
      deliver: (message) => engineStandIn(this, message),
      records: this.journal,
      clock: this.clock,
      log,
      random,
      access: {
        isKnown: (key) => access.hasAccess(key),
        mentionRequired: (channel, context, room) =>
          access.contextPolicy(channel, context, room).mentionRequired,
        mayReply: (to, at) => access.mayReply(to, at),
      },
      earlier: { seen: [...this.messages().seen], unsent: Object.values(this.messages().unsent) },
      quarantine: new FolderQuarantine(join(this.folder, 'attachments'), this.clock),
      ...(this.options.limits ? { limits: this.options.limits } : {}),
    });
    this.gateway = gateway;
    access.onRevoked((keys) => void gateway.revoked(keys));
    const { descriptor, createAdapter } = this.bench;
    const manager = new ChannelManager({
      registry: new ChannelRegistry(async () => ({ createAdapter }), new Map(), [descriptor]),
      gateway: {
        receive: (message) =>
          gateway.receive(message).catch((error: unknown) => {
            this.failures += 1;
            throw error;
          }),
        attach: (known, account, adapter, onFatal) => {
          this.adapter = adapter;
          gateway.attach(known, account, adapter, onFatal);
        },
        detach: (channel) => gateway.detach(channel),
      },
      secrets: this.secrets,
      records: this.journal,
      lease: { acquire: async () => ({ held: true, release: async () => {} }) },
      clock: this.channelClock,
      log,
      masking: new Masking(),
      egress: this.gate.egress,
      services: {
        ...noServices(),
        people: {
          isKnown: (key) => access.hasAccess(key),
          suspend: (key, reason) => access.suspend(key, reason),
          isOpen: (key) => access.conversations().some((room) => room.key === key),
          closeConversation: (key, reason) => access.removeConversation(key, reason),
        },
        machine: {
          platform: descriptor.platforms?.[0] ?? 'linux',
          home: this.folder,
          rightsOf: async () => undefined,
        },
        readFile: (folders, path, limitBytes) => readChannelFile(this.folder, folders, path, limitBytes),
        withFile: (name, bytes, use) =>
          new OutgoingFiles(join(this.folder, 'outgoing')).with(name, bytes, use),
        store: () => this.store,
        webhook: (channel, options, handler) => this.doors.open(channel, options, handler),
      },
      random,
      settings: () => this.bench.settings(),
      hold: () => undefined,
    });
    this.manager = manager;
    manager.onChange(() => {
      const { state, detail } = this.view;
      const last = this.states.at(-1);
      if (last?.state !== state || last.detail !== detail) this.states.push({ state, detail });
    });
  }
}

/** Timers from here on only end what hangs. In milliseconds. */
const LONG_MS = 20_000;
