import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { resultsFolder } from '../harness/paths';
import {
  AUDIT_STATE,
  approvalsState,
  auditRows,
  authenticatorState,
  card,
  charts,
  DANGEROUS,
  pairingState,
  READ,
  taskState,
} from './page/fixtures';
import { axeViolations, type PageUnderTest } from './page/open-page';
import { usePages } from './page/suite';
import type { Theme } from './page/themes';

const allThemes: readonly Theme[] = ['dark', 'light', 'hc-dark', 'hc-light'];
const full = process.env.COWORK_FULL === '1';

/** Every theme and width when all is wanted; else each view in two of the four themes, in turn, at its narrowest. */
function sample(view: View, index: number): readonly (readonly [Theme, number])[] {
  const themes = full ? allThemes : allThemes.filter((_, at) => at % 2 === index % 2);
  const widths = full ? view.widths : view.widths.slice(0, 1);
  return themes.flatMap((theme) => widths.map((width) => [theme, width] as const));
}

const folder = join(resultsFolder, 'pages');

interface View {
  readonly name: string;
  readonly page: string;
  readonly widths: readonly number[];
  readonly zoom?: number;
  show(under: PageUnderTest): Promise<void>;
}

async function audit(under: PageUnderTest): Promise<void> {
  await under.send(AUDIT_STATE);
  await under.page.locator('.input').waitFor();
  const query = (await under.said()).findLast((message) => message.type === 'query');
  await under.send({ type: 'page', requestId: query?.requestId, rows: auditRows(100), total: 100 });
  await under.page.locator('.row').nth(3).click();
}

const engine = (kind: string) => ({
  engine: { kind: kind as 'ready', detail: 'What happened, and what to do.' },
});

const views: readonly View[] = [
  {
    name: 'approvals',
    page: 'approvals',
    widths: [300, 420, 700],
    show: (under) => under.send(approvalsState([card(), DANGEROUS, READ])),
  },
  {
    name: 'approvals-zoom',
    page: 'approvals',
    widths: [600],
    zoom: 2,
    show: (under) => under.send(approvalsState([DANGEROUS])),
  },
  {
    name: 'approvals-confirm',
    page: 'approvals',
    widths: [300],
    async show(under) {
      await under.send(approvalsState([DANGEROUS]));
      await under.page.waitForTimeout(600);
      await under.page.getByRole('button', { name: 'Approve', exact: true }).click();
      await under.page.getByRole('group', { name: 'Approve this?' }).waitFor();
    },
  },
  {
    name: 'approvals-help',
    page: 'approvals',
    widths: [300],
    async show(under) {
      await under.send(approvalsState([card()]));
      await under.page.getByRole('article').press('?');
      await under.page.getByRole('heading', { name: 'Keyboard' }).waitFor();
    },
  },
  ...(['no-folder', 'restricted', 'starting', 'held', 'failed', 'paused', 'ready'] as const).map((kind) => ({
    name: `approvals-${kind}`,
    page: 'approvals',
    widths: [300],
    show: (under: PageUnderTest) =>
      under.send(
        approvalsState([], {
          ...engine(kind),
          setup: { users: kind === 'ready' ? 1 : 0, channelsOnline: 1 },
        }),
      ),
  })),
  { name: 'audit', page: 'audit', widths: [300, 700, 1200], show: audit },
  {
    name: 'audit-damaged',
    page: 'audit',
    widths: [1200],
    async show(under) {
      await audit(under);
      const place = { segment: '000001.jsonl', line: 42, seq: 42, problem: 'The record was changed.' };
      await under.send({ type: 'verify', verify: { state: 'damaged', records: 41, ...place } });
      await under.page.getByRole('button', { name: 'Charts' }).click();
      await under.send(charts());
      await under.page.getByText('Show as a table').first().click();
    },
  },
  {
    name: 'audit-error',
    page: 'audit',
    widths: [420],
    async show(under) {
      await under.send(AUDIT_STATE);
      await under.page.locator('.input').fill('effect:maybe');
      await under.page.waitForTimeout(400);
      const query = (await under.said()).findLast((message) => message.type === 'query');
      const message = 'An effect is allow, ask or deny, not “maybe”.';
      await under.send({ type: 'failed', requestId: query?.requestId, message, term: 'effect:maybe' });
      await under.page.getByText(message).waitFor();
    },
  },
  { name: 'task', page: 'task', widths: [300, 900], show: (under) => under.send(taskState()) },
  {
    name: 'task-unknown',
    page: 'task',
    widths: [420],
    show: (under) => under.send(taskState({ task: undefined })),
  },
  { name: 'pairing', page: 'pairing', widths: [300, 700], show: (under) => under.send(pairingState()) },
  {
    name: 'pairing-used',
    page: 'pairing',
    widths: [420],
    show: (under) =>
      under.send(
        pairingState({ phase: 'used', code: undefined, link: undefined, outcome: 'Ada is in as member.' }),
      ),
  },
  {
    name: 'pairing-shared',
    page: 'pairing',
    widths: [300],
    show: (under) => under.send(pairingState({ triedBy: 3, expected: '84512' })),
  },
  {
    name: 'authenticator',
    page: 'authenticator',
    widths: [300, 700],
    async show(under) {
      await under.send(authenticatorState());
      await under.send({
        type: 'result',
        requestId: 1,
        ok: false,
        message: 'That is not the code of the app now.',
      });
      await under.page.getByRole('alert').filter({ hasText: 'not the code' }).waitFor();
    },
  },
  {
    name: 'authenticator-done',
    page: 'authenticator',
    widths: [420],
    show: (under) => under.send(authenticatorState({ setup: undefined })),
  },
];

describe('the pages', () => {
  const open = usePages();
  before(() => mkdir(folder, { recursive: true }));

  for (const [index, view] of views.entries()) {
    it(`${view.name}: no violation of accessibility rules and no sideways scrolling`, async () => {
      for (const [theme, width] of sample(view, index)) {
        const under = await open(view.page, {
          theme,
          width,
          height: 900,
          ...(view.zoom ? { zoom: view.zoom } : {}),
        });
        await view.show(under);
        await under.page.locator('h1, h2').first().waitFor({ state: 'attached' });
        await under.page.waitForTimeout(50);
        const where = `${view.name}-${theme}-${width}`;
        await under.page.screenshot({ path: join(folder, `${where}.png`) });
        assert.deepEqual(await axeViolations(under.page), [], where);
        const overflow = await under.page.evaluate('document.documentElement.scrollWidth - innerWidth');
        assert.ok(Number(overflow) <= 0, `${where} is ${overflow} px too wide`);
        assert.deepEqual(under.incidents, [], where);
        await under.close();
      }
    });
  }
});
