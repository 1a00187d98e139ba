import assert from 'node:assert/strict';
import { TestEngine } from '../../helpers/engine';
import { ManualClock } from '../../helpers/manual-clock';

const DAY_MS = 86_400_000;

describe('credentials, as the checklist reads them', () => {
  let clock: ManualClock;
  let test: TestEngine;
  beforeEach(async () => {
    clock = new ManualClock();
    test = await TestEngine.start({ clock });
  });
  afterEach(() => test.remove());

  it('[MT-2] reports a credential once it is 90 days old, until it is rotated', async () => {
    const { vault } = test.engine;
    await test.secrets.set('teams/appPassword', 'first-app-password');
    const made = clock.now();
    clock.advance(10 * DAY_MS);
    await test.secrets.set('telegram/botToken', 'another-credential');
    const overdue = async () =>
      (await vault.health()).credentials
        .filter((one) => one.overdue)
        .map(({ name, ageDays }) => [name, ageDays]);
    clock.advance(80 * DAY_MS - 1);
    assert.deepEqual(await overdue(), []);
    clock.advance(1);
    assert.deepEqual(await overdue(), [['teams/appPassword', 90]]);
    clock.advance(10 * DAY_MS);
    assert.deepEqual(await overdue(), [
      ['teams/appPassword', 100],
      ['telegram/botToken', 90],
    ]);
    await test.secrets.set('teams/appPassword', 'first-app-password');
    assert.equal((await overdue()).length, 2, 'the same value again is no rotation');
    await test.secrets.set('teams/appPassword', 'second-app-password');
    assert.deepEqual(await overdue(), [['telegram/botToken', 90]]);
    const teams = (await vault.health()).credentials.find(({ name }) => name === 'teams/appPassword');
    assert.deepEqual([teams?.createdAt, teams?.rotatedAt, teams?.ageDays], [made, made + 100 * DAY_MS, 0]);
  });

  it('[MT-2] takes the number of days from the setting, and leaves out what nobody issued', async () => {
    await test.secrets.set('telegram/botToken', 'another-credential');
    await test.secrets.set('journal/signingKey', 'made-by-this-machine');
    clock.advance(30 * DAY_MS);
    test.settings.rotateAfterDays = 30;
    const health = await test.engine.vault.health();
    assert.equal(health.rotateAfterDays, 30);
    assert.deepEqual(
      health.credentials.map(({ name, kind, overdue }) => [name, kind, overdue]),
      [
        ['journal/signingKey', 'own', false],
        ['telegram/botToken', 'issued', true],
      ],
    );
  });

  it('[FAQ-2] names the place and the credentials, and never a value', async () => {
    await test.secrets.set('telegram/botToken', 'another-credential');
    const health = await test.engine.vault.health();
    assert.equal(health.level, 'editor');
    assert.deepEqual(health.passedOver, []);
    assert.ok(!JSON.stringify(health).includes('another-credential'));
  });
});
