import assert from 'node:assert/strict';
import type { ChannelBench } from '../contract/bench';
import { allBenches } from '../contract/benches';
import { until } from '../harness/processes';
import { skip } from '../harness/report';
import type { Settings } from '../harness/settings';
import { type Session, useWorkbench, writeMachineSettings } from '../harness/suite';
import type { TreeRow } from '../harness/workbench/side-bar';
import { type Asked, Wizard } from '../harness/workbench/wizard';
import type { Workbench } from '../harness/workbench/workbench';

const VIEW = 'Channels';
/** How many channels are gone through when not all are wanted; each takes some ten seconds. */
const SAMPLE = 4;
/** What is said of a failure is for people: no names of errors, numbers of statuses or words of programs. */
const JARGON = /undefined|null|\[object|Error:|\bE[A-Z]{4,}\b|fetch failed|exception|\bstack\b/;
/** What somebody who is asked for help wants to know, in brackets behind the words. */
const CODE = / \([A-Z_]+\)/g;
const SENTENCE = /^[A-Z“].{15,}\.(?: |$)/;

/**
 * The benches, each channel once a round. Two of one channel are one account: what the channel has heard of the first is
 * not heard of again in the same window, and the platform of the second begins to count anew.
 */
function rounds(): readonly (readonly Bench[])[] {
  const found: Bench[][] = [];
  for (const bench of chosen()) {
    const { id } = bench.make().descriptor;
    const round = found.find((others) => others.every(({ make }) => make().descriptor.id !== id));
    if (round) round.push(bench);
    else found.push([bench]);
  }
  return found;
}

/** All when all is wanted, else some of them, others each time. The local chat has no wizard. */
function chosen(): readonly Bench[] {
  const all = allBenches().filter(({ name }) => name !== 'local');
  if (process.env.COWORK_FULL === '1' || process.env.COWORK_BENCH) return all;
  const seed = Number(process.env.COWORK_SEED ?? Date.now() % 1_000_000);
  console.log(`    wizards of ${SAMPLE} of ${all.length} channels, seed ${seed}`);
  return Array.from({ length: SAMPLE }, (_, at) => all[(seed + at * 5) % all.length]).filter(
    (bench) => bench !== undefined,
  );
}

type Bench = ReturnType<typeof allBenches>[number];

/** Settings that the wizard asks for when all the others are set, as the channel itself says. */
function askedFor({ descriptor }: ChannelBench, all: Settings): readonly string[] {
  const asked: string[] = [];
  // Taken away one by one, those without which the channel says that it cannot run are asked for.
  for (const key of Object.keys(all)) {
    const without = Object.fromEntries(Object.entries(all).filter(([name]) => name !== key));
    if (descriptor.missing?.(without)?.includes(`cowork.channels.${descriptor.id}.${key}`)) asked.push(key);
  }
  return asked;
}

/** A credential that has the right form and is not the right one. */
function wrong(secret: string): string {
  if (secret.startsWith('{')) {
    const key = JSON.parse(secret) as { client_email: string };
    return JSON.stringify({ ...key, client_email: `other-${key.client_email}` });
  }
  const at = secret.search(/[A-Za-z0-9](?=[^A-Za-z0-9]*$)/);
  const other = /[0-9]/.test(secret[at] ?? '')
    ? secret[at] === '7'
      ? '8'
      : '7'
    : secret[at] === 'a'
      ? 'b'
      : 'a';
  return secret.slice(0, at) + other + secret.slice(at + 1);
}

/** What a browser has and the types of Node lack. */
interface Clipboards {
  readonly clipboard: { readText(): Promise<string> };
}

/** One platform, from the wizard to the end of the channel, by what is read on the screen. */
class Trip {
  readonly wizard: Wizard;
  private readonly settings: Settings;
  private readonly secrets: Readonly<Record<string, string>>;
  /** The credential that is entered wrongly first; undefined where the platform cannot be asked about any. */
  private readonly mistaken: string | undefined;
  private refused: string | undefined;
  /** Where each credential was asked for. */
  private readonly steps = new Map<string, number>();

  constructor(
    private readonly name: string,
    private readonly session: Session,
    readonly bench: ChannelBench,
  ) {
    this.wizard = new Wizard(session.bench);
    this.settings = bench.settings();
    this.secrets = bench.secrets();
    this.mistaken = Object.keys(this.secrets).find((secret) => !bench.unproven?.includes(secret));
  }

  get label(): string {
    return this.bench.descriptor.name;
  }

  private get window(): Workbench {
    return this.session.bench;
  }

  /** What the wizard does not ask for, such as where a test's platform is, is set beforehand. */
  async set(): Promise<void> {
    const { id } = this.bench.descriptor;
    const asked = askedFor(this.bench, this.settings);
    const beforehand = Object.entries(this.settings).filter(([key]) => !asked.includes(key));
    await writeMachineSettings(this.session.server, {
      ...Object.fromEntries(beforehand.map(([key, value]) => [`cowork.channels.${id}.${key}`, value])),
      // Shows when they are in force.
      'window.title': `settings of ${this.name}`,
    });
    await until('the settings to be read', async () =>
      (await this.window.page.title()) === `settings of ${this.name}` ? true : undefined,
    );
  }

  async choose(): Promise<Asked> {
    await this.window.sideBar.clickTitleAction(VIEW, 'Add Channel');
    await this.wizard.until('the list of platforms', ({ title }) => title.startsWith('Add Channel'));
    // Not all of them fit in the list.
    await this.window.page.keyboard.type(this.label);
    await this.window.quickInput.pick(this.label);
    return this.wizard.until('what is needed', ({ title }) =>
      title.startsWith(`Add Channel: ${this.label} (2`),
    );
  }

  /** Every question, answered by what it says; a wrong credential first, where it can be told. */
  async answerAll(): Promise<Asked> {
    const needs = await this.choose();
    for (const key of askedFor(this.bench, this.settings))
      assert.ok(
        needs.items.includes(`cowork.channels.${this.bench.descriptor.id}.${key}`),
        needs.items.join('; '),
      );
    for (const { name, label } of this.bench.descriptor.secrets)
      if (name in this.secrets) assert.ok(needs.items.includes(label), needs.items.join('; '));
    await this.window.screenshot(`wizard-${this.name}-needs`);
    await this.window.quickInput.pick('I have it, go on');
    let asked = await this.wizard.after(needs.step);
    for (;;) {
      if (asked.dialog) {
        await this.window.messages.clickDialog('Connect Anyway');
        asked = await this.wizard.until('the last step', ({ dialog }) => !dialog);
      } else if (asked.hidden) asked = await this.enterSecret(asked);
      else if (/^cowork\.channels\./.test(asked.placeholder)) asked = await this.enterSetting(asked);
      else if (/^Who is let in\?/.test(asked.placeholder)) {
        await this.window.quickInput.pick('pairing');
        asked = await this.wizard.after(asked.step);
      } else break;
    }
    assert.equal(
      this.refused !== undefined,
      this.mistaken !== undefined,
      'a wrong credential was not refused',
    );
    return asked;
  }

  private async enterSetting(asked: Asked): Promise<Asked> {
    const value = this.settings[asked.placeholder.split('.').at(-1) ?? ''];
    assert.ok(value !== undefined, `asked for ${asked.placeholder}`);
    await this.window.quickInput.answer(Array.isArray(value) ? value.join(', ') : String(value));
    return this.wizard.after(asked.step);
  }

  private async enterSecret(asked: Asked): Promise<Asked> {
    const field = this.bench.descriptor.secrets.find(({ label }) => asked.message.startsWith(`${label}: `));
    assert.ok(field, `nobody knows what is asked for: ${asked.message}`);
    const value = this.secrets[field.name] ?? '';
    this.steps.set(field.name, asked.step);
    if (value === '') assert.match(asked.placeholder, /leave empty if there is none/);
    const isWrong = field.name === this.mistaken && this.refused === undefined;
    await this.window.quickInput.answer(isWrong ? wrong(value) : value);
    const next = await this.wizard.until('an answer', ({ step, message, dialog }) => {
      const same = step === asked.step && !dialog;
      return !same || !(message.startsWith(`${field.label}: `) || message.startsWith('Asking '));
    });
    if (next.dialog || next.step !== asked.step) return next;
    assert.equal(this.refused, undefined, `refused although it is right: ${next.message}`);
    this.refused = next.message;
    this.isPlain(next.message, 'of a wrong credential');
    await this.window.screenshot(`wizard-${this.name}-refused`);
    const first = this.steps.get(this.mistaken ?? '') ?? next.step;
    if (first === next.step) return this.wizard.clear(next);
    // What is wrong is not the last one: the way back leads to it.
    let at = next;
    while (at.step > first) at = await this.wizard.back(at);
    return at;
  }

  isPlain(text: string, where: string): void {
    assert.match(text, SENTENCE, `what is said ${where} is no sentence: ${text}`);
    assert.doesNotMatch(
      text.replaceAll(CODE, ''),
      JARGON,
      `what is said ${where} is not for people: ${text}`,
    );
    for (const secret of Object.values(this.secrets))
      assert.ok(!text.includes(secret), 'it repeats a credential');
  }

  /** Connected: where the platform calls, it is told the address as the owner would tell it. */
  async connected(): Promise<void> {
    const online = await this.wizard.until('the channel to be connected', ({ placeholder, items }) => {
      assert.ok(!items.includes('Try again'), placeholder);
      return items.includes('Show a pairing code');
    });
    assert.match(online.placeholder, /^Connected\. Now write to the bot/);
    const address = 'Copy the address that it calls';
    assert.equal(online.items.includes(address), this.bench.calls !== undefined || this.isCalled);
    if (online.items.includes(address)) {
      await this.window.quickInput.pick(address);
      await this.window.messages.waitForNotification(/There is no public address/);
      const url = await this.window.page.evaluate(() =>
        (navigator as unknown as Clipboards).clipboard.readText(),
      );
      assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/\S{20,}$/);
      this.bench.calls?.(url);
    }
    await this.window.screenshot(`wizard-${this.name}-connected`);
  }

  /** Telegram is told by the channel itself, so its bench need not be. */
  private get isCalled(): boolean {
    return this.settings.mode === 'webhook';
  }

  async pair(): Promise<void> {
    await this.window.quickInput.pick('Show a pairing code');
    const panel = await this.window.webview('pairing');
    const code = (await panel.locator('.code span').allInnerTexts()).join('');
    assert.match(code, /^[A-Z0-9]{6}$/);
    await this.bench.say({ text: code, context: 'dm', displayName: 'Ada' });
    await this.wizard.until('the first message', ({ items }) => items.includes('Done'));
    await this.window.quickInput.pick('Done');
    await panel.getByRole('button', { name: 'Close' }).click();
    await this.row((description) => /^online/.test(description));
    await this.window.sideBar.waitForRows('Users', (rows) =>
      rows.some(({ description }) => description.includes(this.bench.people[0])),
    );
  }

  async row(wanted: (description: string) => boolean): Promise<string> {
    const rows = await this.window.sideBar.waitForRows(VIEW, (all) =>
      all.some(({ label, description }) => label === this.label && wanted(description)),
    );
    return rows.find(({ label }) => label === this.label)?.description ?? '';
  }

  async talk(): Promise<void> {
    await this.bench.say({ text: '/whoami', context: 'dm' });
    await until(`an answer that is seen on ${this.label}`, () =>
      this.bench.seen('dm').some(({ text }) => /You are/.test(text)) ? true : undefined,
    );
    assert.deepEqual(this.bench.violations(), []);
  }

  async fail(): Promise<void> {
    const fault = (['revoke', 'down', 'error'] as const).find((one) => this.bench.faults.includes(one));
    assert.ok(fault);
    // Of notifications three are shown at a time.
    await this.window.quickInput.runCommand('Notifications: Clear All Notifications');
    await this.bench.inject(fault);
    // What stands open would go on for a while.
    if (this.bench.faults.includes('drop')) await this.bench.inject('drop');
    await this.window.sideBar.chooseFromRowMenu(VIEW, this.label, 'Test Connection');
    const said = await this.window.messages.waitForNotification(`${this.label} says no: `);
    const description = this.bench.pushOnly ? '' : await this.row((text) => !/^online/.test(text));
    await this.window.screenshot(`wizard-${this.name}-failing`);
    if (process.env.COWORK_SHOW)
      console.log(`      refused: ${this.refused}\n      ${said}\n      tree: ${description}`);
    this.isPlain(said.slice(`${this.label} says no: `.length), 'of a failing connection');
    await this.bench.heal();
  }

  async remove(channel = this.label): Promise<void> {
    const { sideBar, messages } = this.window;
    await sideBar.chooseFromRowMenu(VIEW, channel, 'Remove Channel…');
    await messages.waitForDialog();
    await messages.clickDialog('Remove');
    await sideBar.waitForRows(VIEW, (rows) => rows.every(({ label }) => label !== channel));
    await this.revokeAll();
  }

  /** The people of a channel stay when it is removed; the next one begins with nobody. */
  private async revokeAll(): Promise<void> {
    const { sideBar, messages } = this.window;
    const members = (rows: readonly TreeRow[]) =>
      rows.filter(({ description }) => /^member/.test(description));
    for (;;) {
      const before = members(await sideBar.rows('Users'));
      const [person] = before;
      if (person === undefined) return;
      await sideBar.clickRowAction('Users', person.label, 'Revoke Access');
      await messages.waitForDialog();
      await messages.clickDialog('Revoke');
      await sideBar.waitForRows('Users', (rows) => members(rows).length < before.length);
    }
  }

  /** Whatever an attempt that failed has left: the next one finds an empty desk. */
  async tidy(): Promise<void> {
    const { page, messages, sideBar, quickInput } = this.window;
    if ((await this.wizard.asked())?.dialog) await messages.clickDialog('Cancel');
    for (let left = 5; left > 0 && (await this.wizard.asked()) !== undefined; left -= 1)
      await page.keyboard.press('Escape');
    await quickInput.runCommand('View: Close All Editors');
    await quickInput.runCommand('Notifications: Clear All Notifications');
    for (const { label, level } of await sideBar.rows(VIEW))
      if (level === 1 && label !== 'Local chat') await this.remove(label);
  }
}

for (const [round, benches] of rounds().entries())
  describe(`every channel, by its wizard${round === 0 ? '' : `, in another mode (${round})`}`, () =>
    goThrough(benches));

function goThrough(benches: readonly Bench[]): void {
  const session = useWorkbench();
  let leftBehind = false;

  afterEach('note what has to be put away', function () {
    leftBehind = this.currentTest?.state !== 'passed';
    // What is tried once more would not say why.
    if (leftBehind) console.log(`      ${this.currentTest?.err?.message ?? 'skipped'}`);
  });

  before('open the views', async () => {
    const { bench, url } = session();
    await bench.page
      .context()
      .grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(url).origin });
    await bench.sideBar.open('CoWork OS');
    await bench.sideBar.waitForRows(VIEW, (rows) => rows.some((row) => /online/.test(row.description)));
  });

  for (const { name, make } of benches) {
    const { absent, descriptor } = make();
    const elsewhere = descriptor.platforms?.includes(process.platform) === false;

    if (elsewhere) {
      it(`${name} is said to work elsewhere, before anything is asked for`, async () => {
        const trip = new Trip(name, session(), make());
        if (leftBehind) await trip.tidy();
        const needs = await trip.choose();
        assert.match(needs.placeholder, /^\S+ works on macOS only, so it cannot be added on this machine\.$/);
        assert.ok(!needs.items.includes('I have it, go on'));
        await session().bench.screenshot(`wizard-${name}-needs`);
        await session().bench.quickInput.pick('Choose another platform');
        await trip.wizard.until('the list of platforms', ({ step }) => step === 1);
        await session().bench.quickInput.cancel();
      });
      continue;
    }

    it(`[INI-1] ${name}: set up, connected, paired, answered, failing, removed`, async function () {
      if (absent !== undefined) return skip(this, absent);
      const bench = make();
      await bench.start(1);
      try {
        const trip = new Trip(name, session(), bench);
        if (leftBehind) await trip.tidy();
        await trip.set();
        await trip.answerAll();
        await trip.connected();
        await trip.pair();
        await trip.talk();
        await trip.fail();
        await trip.remove();
      } finally {
        await bench.stop();
      }
    });
  }
}
