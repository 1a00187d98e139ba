import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contextPolicy } from '../../src/engine/access/config';
import { accessProjection } from '../../src/engine/access/projection';
import type { ChatContext } from '../../src/engine/model/identity';
import { decide } from '../../src/engine/policy/decide';
import { TOOL_NAMES, toolTraits } from '../../src/engine/policy/tool-groups';
import { accessUnder } from '../../src/session/access-config';
import { skip } from '../harness/report';
import { TestSession } from '../helpers/session';
import { until } from '../unit/channels/support';
import { facts, policy, principal, request } from '../unit/policy/support';
import type { ChannelBench, Seen } from './bench';
import { allBenches } from './benches';
import { LocalBench } from './benches/local';

/** The whole product but the editor, from the bundles that ship, with a channel's platform played by its bench. */
class Everywhere {
  private constructor(
    readonly tested: TestSession,
    readonly bench: ChannelBench,
  ) {}

  static async open(name: string, make: () => ChannelBench): Promise<Everywhere> {
    const played = make();
    await played.start(1);
    const { id } = played.descriptor;
    const tested = await TestSession.start({ channels: { [id]: played.settings() } });
    // The local chat's people sit in the session's own hub.
    const bench: ChannelBench = name === 'local' ? new LocalBench(tested.session.hub) : played;
    if (bench !== played) await bench.start(1);
    const script = { scripts: { test: 'node -e "console.log(6*7)"' } };
    await writeFile(join(tested.workspace, 'package.json'), JSON.stringify(script));
    const { channels, webhooks } = tested.session;
    if (Object.keys(bench.secrets()).length > 0) await channels.credentials.store(id, bench.secrets());
    await channels.enable(id);
    const view = () => channels.list().find((channel) => channel.id === id);
    await until(() => view()?.state === 'online', `${id} to be online: ${view()?.detail}`, 20_000);
    const door = await webhooks.addressOf(id);
    if (door) bench.calls?.(door.url);
    return new Everywhere(tested, bench);
  }

  get id(): string {
    return this.bench.descriptor.id;
  }

  async see(context: ChatContext, pattern: RegExp): Promise<Seen> {
    const find = () => this.bench.seen(context).find(({ text }) => pattern.test(text));
    await until(() => find() !== undefined, `${pattern} in ${context} of ${this.id}`, 20_000);
    const seen = find();
    assert.ok(seen);
    return seen;
  }

  /** @returns the code, which is good no longer. */
  async pair(context: ChatContext): Promise<string> {
    const { code } = await this.tested.engine.pairing.issue({ channel: this.id, context });
    await this.bench.say({ text: code, context });
    await this.see(context, /connected now|paired now/);
    return code;
  }

  async close(): Promise<void> {
    await this.tested.remove();
    await this.bench.stop();
  }
}

describe('the main job, everywhere', function () {
  this.timeout(60_000);
  for (const { name, make } of allBenches()) {
    const { absent: lacking, descriptor } = make();
    // A session runs on this system, where the contract of a channel may play another one.
    const elsewhere = descriptor.platforms?.includes(process.platform) === false;
    const absent = lacking ?? (elsewhere ? `it runs on ${descriptor.platforms?.join(', ')} only` : undefined);
    const { contexts } = descriptor.capabilities;

    for (const context of contexts) {
      it(`[INI-1] [OPS-1a] pairs, asks, approves, runs, answers and records: ${name}, ${context}`, async function () {
        if (absent !== undefined) return skip(this, absent);
        const all = await Everywhere.open(name, make);
        try {
          const { tested, bench } = all;
          const code = await all.pair(context);
          await bench.say({ text: '/run npm test', context });
          const approval = await tested.approval();
          assert.equal(approval.action, 'npm test');
          assert.equal(approval.where.context, context);
          assert.equal(approval.where.channel, all.id);
          await tested.engine.approvals.approve(approval.id, approval.bindingHash);
          const answer = await all.see(context, /exit code 0/);
          assert.match(answer.text, /\b42\b/);
          assert.ok(
            bench.seen(context).every(({ text }) => !text.includes(code)),
            'the bot never says the code',
          );
          const page = await tested.engine.audit.query({ taskId: approval.taskId });
          const types = new Set<string>(page.records.map(({ type }) => type));
          for (const step of [
            'task.created',
            'decision.made',
            'approval.requested',
            'action.started',
            'action.finished',
            'reply.queued',
          ])
            assert.ok(types.has(step), `${step} is on record: ${[...types]}`);
          const resolved = await tested.engine.audit.query({ types: ['approval.resolved'] });
          assert.equal(resolved.records.length, 1);
          assert.equal((await tested.engine.audit.verify()).intact, true);
          assert.deepEqual(bench.violations(), []);
        } finally {
          await all.close();
        }
      });
    }

    it(`sends a file that was approved, or says that it cannot: ${name}`, async function () {
      if (absent !== undefined) return skip(this, absent);
      const all = await Everywhere.open(name, make);
      try {
        const { tested, bench } = all;
        const context = contexts[0] ?? 'dm';
        const bytes = Buffer.from('name;sum\nwidgets;42\n');
        await writeFile(join(tested.workspace, 'report.csv'), bytes);
        await all.pair(context);
        await bench.say({ text: '/send report.csv', context });
        const approval = await tested.approval();
        assert.equal(approval.action, 'send report.csv');
        await tested.engine.approvals.approve(approval.id, approval.bindingHash);
        if (bench.descriptor.capabilities.fileBytes === 0) {
          await all.see(context, /Not sent: “report\.csv”/);
          return;
        }
        const files = () => bench.seen(context).flatMap((seen) => seen.files);
        await until(() => files().length > 0, `the file in ${context} of ${name}`, 20_000);
        assert.deepEqual(
          files().map((file) => [file.name, Buffer.from(file.bytes).toString()]),
          [['report.csv', bytes.toString()]],
        );
        const { records } = await tested.engine.audit.query({ types: ['reply.queued'] });
        const kept = records.flatMap((record) =>
          record.type === 'reply.queued' ? (record.data.files ?? []) : [],
        );
        assert.deepEqual(
          kept.map(({ name: called, size }) => [called, size]),
          [['report.csv', bytes.length]],
        );
      } finally {
        await all.close();
      }
    });

    const room = contexts.find((context) => context !== 'dm');
    if (room === undefined || !contexts.includes('dm')) continue;
    it(`[CTX-2] [FAQ-6] has a mode for direct messages and another for rooms: ${name}`, async function () {
      if (absent !== undefined) return skip(this, absent);
      const all = await Everywhere.open(name, make);
      try {
        const { tested, bench } = all;
        await tested.engine.users.setMode(all.id, room, 'disabled');
        await all.pair('dm');
        await bench.say({ text: '/status', context: room });
        await bench.say({ text: '/whoami', context: 'dm' });
        await all.see('dm', /You are/);
        assert.deepEqual(bench.seen(room), [], 'nothing is said where the owner has switched it off');
        assert.equal(tested.engine.users.mode(all.id, 'dm'), 'pairing');
        assert.equal(tested.engine.users.mode(all.id, room), 'disabled');
      } finally {
        await all.close();
      }
    });
  }

  it('[CTX-1] [FAQ-3] gives nobody in a room the tools that reach into memory, on no channel', () => {
    const snapshot = policy({ capabilities: { clipboard: 'allow' } });
    const descriptors = allBenches().map(({ make }) => make().descriptor);
    const config = accessUnder({
      base: {},
      ceiling: snapshot.ceiling,
      descriptors,
      settings: () => ({}),
      acknowledged: () => false,
    });
    const memory = TOOL_NAMES.filter((tool) => toolTraits(tool)?.groups.includes('memory'));
    assert.ok(memory.length >= 4);
    for (const { id, capabilities } of descriptors) {
      for (const context of capabilities.contexts) {
        const rules = contextPolicy(accessProjection.initial(), config, id, context);
        for (const tool of memory) {
          const asked = request(tool, { principal: principal('owner', context, id) });
          const { effect, layer } = decide(snapshot, asked, facts({ contextPolicy: rules }));
          if (context === 'dm') assert.notEqual(layer, 'context', `${tool} in a DM of ${id}`);
          else assert.equal(effect, 'deny', `${tool} in a ${context} of ${id}`);
        }
      }
    }
  });
});
