import assert from 'node:assert/strict';
import { silentLogger } from '../../../src/engine/model/ports';
import type { Reminder, UpdateStatus, UpkeepTask } from '../../../src/engine/model/posture';
import { ENGINE } from '../../../src/engine/model/record';
import * as checklist from '../../../src/engine/posture/index';
import { nothingAround } from '../../../src/engine/posture/nothing-around';
import { Posture } from '../../../src/engine/posture/posture';
import { postureProjection } from '../../../src/engine/posture/projection';
import { EVERY_DAYS } from '../../../src/engine/posture/upkeep';
import { ManualClock, settle } from '../../helpers/manual-clock';
import { MemoryJournal } from '../../helpers/memory-journal';
import { goodFacts } from './facts';

const DAY_MS = 86_400_000;

/** The real Checklist over a journal in memory, both under the clock of the test. */
async function start(options: { update?: UpdateStatus; credentialAt?: () => number } = {}) {
  const clock = new ManualClock();
  const journal = new MemoryJournal(clock);
  const state = journal.project(postureProjection);
  await journal.append({ type: 'engine.started', actor: ENGINE, subject: '', data: { version: '1.0.0' } });
  const facts = goodFacts();
  let told = 0;
  const posture = new Posture({
    records: journal,
    clock,
    log: silentLogger,
    state,
    sources: {
      channels: () => facts.channels,
      access: () => facts.access,
      policy: () => facts.policy,
      grants: () => facts.grants,
      credentials: () => facts.credentials,
      machine: () => facts.machine,
      repository: () => facts.repository,
      activity: () => facts.activity,
      update: () => facts.update,
    },
    surroundings: {
      ...nothingAround,
      load: async () => checklist,
      checkForUpdates: async () =>
        options.update ?? {
          status: 'unknown',
          source: 'x',
          installed: '1',
          signature: 'none',
          detail: 'Offline.',
        },
    },
    fixPorts: {
      settings: nothingAround.settings,
      permissions: nothingAround.permissions,
      access: { setMode: async () => {} },
      chosenMode: () => 'pairing',
    },
    oldestCredentialAt: async () => options.credentialAt?.(),
    changed: () => {
      told += 1;
    },
  });
  posture.start();
  await posture.refresh();
  const reminder = (task: UpkeepTask): Reminder => {
    const found = posture.reminders().find((one) => one.task === task);
    assert.ok(found, task);
    return found;
  };
  return { clock, journal, posture, reminder, told: () => told };
}

describe('the regular work', () => {
  it('[INI-4] [OPS-3b] [OPS-4] is due when its days have passed since the first record, and not on the first day', async () => {
    const { clock, posture, reminder } = await start();
    assert.ok(posture.reminders().every(({ state }) => state === 'waiting'));
    for (const task of ['audit', 'users', 'permissions', 'updates', 'drill'] as const) {
      const { dueAt } = reminder(task);
      await clock.advanceAsync(dueAt - clock.now() - 1);
      assert.equal(reminder(task).state, 'waiting', task);
      await clock.advanceAsync(1);
      assert.equal(reminder(task).state, 'due', task);
    }
    posture.dispose();
  });

  it('tells the views at the very moment at which something falls due', async () => {
    const { clock, posture, reminder, told } = await start();
    await clock.advanceAsync(reminder('audit').dueAt - clock.now() - 1);
    const before = told();
    await clock.advanceAsync(1);
    await settle();
    assert.ok(told() > before);
    assert.equal(reminder('audit').state, 'due');
    posture.dispose();
    assert.equal(clock.pendingTimers, 0);
  });

  it('is done by its real event, and then due again after its days', async () => {
    const { clock, posture, reminder } = await start();
    await clock.advanceAsync(40 * DAY_MS);
    assert.equal(reminder('users').state, 'due');
    await posture.complete('users', 'The access document was written.');
    assert.deepEqual([reminder('users').state, reminder('users').doneAt], ['waiting', clock.now()]);
    assert.match(reminder('users').detail, /today/);
    assert.equal(reminder('users').dueAt, clock.now() + EVERY_DAYS.users * DAY_MS);
    await clock.advanceAsync(EVERY_DAYS.users * DAY_MS);
    assert.equal(reminder('users').state, 'due');
    posture.dispose();
  });

  it('can be put off, and comes back when that time is over', async () => {
    const { clock, posture, reminder } = await start();
    await clock.advanceAsync(8 * DAY_MS);
    await posture.snooze('audit', clock.now() + DAY_MS);
    assert.equal(reminder('audit').state, 'snoozed');
    await clock.advanceAsync(DAY_MS - 1);
    assert.equal(reminder('audit').state, 'snoozed');
    await clock.advanceAsync(1);
    assert.equal(reminder('audit').state, 'due');
    await assert.rejects(posture.snooze('audit', clock.now()), /within the next year/);
    posture.dispose();
  });

  it('can be left out once: the next date counts from then, and it is not called done', async () => {
    const { clock, journal, posture, reminder } = await start();
    await clock.advanceAsync(8 * DAY_MS);
    await posture.dismiss('audit', 'Nothing happened.');
    assert.deepEqual([reminder('audit').state, reminder('audit').doneAt], ['waiting', undefined]);
    const { checklists } = posture.report();
    assert.equal(checklists.find(({ id }) => id === 'maintenance.audit')?.state, 'open');
    await clock.advanceAsync(EVERY_DAYS.audit * DAY_MS);
    assert.equal(reminder('audit').state, 'due');
    assert.equal(journal.records.filter(({ type }) => type === 'upkeep.dismissed').length, 1);
    posture.dispose();
  });

  it('[MT-2] counts credentials from the oldest, and has nothing to say while there is none', async () => {
    const none = await start();
    assert.ok(none.posture.reminders().every(({ task }) => task !== 'credentials'));
    none.posture.dispose();
    let rotatedAt = Date.UTC(2026, 0, 1);
    const { clock, posture, reminder } = await start({ credentialAt: () => rotatedAt });
    await clock.advanceAsync(90 * DAY_MS);
    assert.equal(reminder('credentials').state, 'due');
    rotatedAt = clock.now();
    await posture.refresh(['credentials']);
    assert.equal(reminder('credentials').state, 'waiting');
    posture.dispose();
  });

  it('[OPS-4] takes only a real answer for a check for updates: offline is unknown, never the latest', async () => {
    const offline = await start();
    await offline.clock.advanceAsync(31 * DAY_MS);
    assert.equal((await offline.posture.checkForUpdates()).status, 'unknown');
    assert.equal(offline.reminder('updates').state, 'due');
    const first = offline.posture.report().checklists.find(({ id }) => id === 'first-use.updated');
    assert.equal(first?.state, 'unknown');
    offline.posture.dispose();
    const update: UpdateStatus = {
      status: 'current',
      source: 'x',
      installed: '1',
      latest: '1',
      signature: 'none',
      detail: 'It is the newest.',
    };
    const online = await start({ update });
    await online.clock.advanceAsync(31 * DAY_MS);
    await online.posture.checkForUpdates();
    assert.equal(online.reminder('updates').state, 'waiting');
    assert.equal(
      online.posture.report().checklists.find(({ id }) => id === 'first-use.updated')?.state,
      'done',
    );
    online.posture.dispose();
  });
});
