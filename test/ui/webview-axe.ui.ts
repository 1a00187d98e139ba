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
  postureState,
  READ,
  TASK_FILES,
  taskState,
  taskWith,
} from './page/fixtures';
import { axeViolations, type PageUnderTest } from './page/open-page';
import { usePages } from './page/suite';
import type { Theme } from './page/themes';

const allThemes: readonly Theme[] = ['dark', 'light', 'hc-dark', 'hc-light'];
/** A narrow side bar, a wide one or half an editor, and a whole editor, in CSS pixels. */
const WIDTHS: readonly number[] = [300, 600, 1200];
const full = process.env.COWORK_FULL === '1';

/** Every theme and width when all is wanted; else each view in two of the four themes, in turn, at its narrowest. */
function sample(view: View, index: number): readonly (readonly [Theme, number])[] {
  const themes = full ? allThemes : allThemes.filter((_, at) => at % 2 === index % 2);
  const all = view.widths ?? WIDTHS;
  const widths = full ? all : all.slice(0, 1);
  return themes.flatMap((theme) => widths.map((width) => [theme, width] as const));
}

const folder = join(resultsFolder, 'pages');

interface View {
  readonly name: string;
  readonly page: string;
  /** `WIDTHS` when absent. */
  readonly widths?: readonly number[];
  readonly zoom?: number;
  show(under: PageUnderTest): Promise<void>;
}

async function audit(under: PageUnderTest): Promise<void> {
  await under.send(AUDIT_STATE);
  await under.page.locator('.input').waitFor();
  const query = (await under.said()).findLast((message) => message.type === 'query');
  await under.send({ type: 'page', requestId: query?.requestId, rows: auditRows(100), total: 100 });
  await under.page.locator('.row').nth(3).click();
  await under.send({ type: 'record', seq: 97, text: '{\n  "seq": 97,\n  "type": "decision.made"\n}' });
  await under.send(charts(await asked(under, 'charts')));
  await under.page.locator('.time').first().waitFor();
}

/** Number of the newest request of a kind. */
async function asked(under: PageUnderTest, type: string): Promise<unknown> {
  return (await under.said()).findLast((message) => message.type === type)?.requestId;
}

const engine = (kind: string) => ({
  engine: { kind: kind as 'ready', detail: 'What happened, and what to do.' },
});

const views: readonly View[] = [
  {
    name: 'posture',
    page: 'posture',
    async show(under) {
      await under.send(postureState());
      await under.page.getByText('Show as a table').click();
    },
  },
  {
    name: 'approvals',
    page: 'approvals',
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
    async show(under) {
      await under.send(approvalsState([card()]));
      await under.page.getByRole('article').press('?');
      await under.page.getByRole('heading', { name: 'Keyboard' }).waitFor();
    },
  },
  {
    name: 'approvals-batch',
    page: 'approvals',
    async show(under) {
      const many = [1, 2, 3].map((at) => card({ id: `many-${at}`, bindingHash: String(at).repeat(64) }));
      await under.send(approvalsState(many));
      await under.page.getByRole('button', { name: 'Review 3 similar requests together' }).click();
      await under.page.getByRole('button', { name: 'Tick all' }).click();
      await under.page.getByRole('button', { name: 'Approve 3 of these…' }).click();
      await under.page.getByRole('group', { name: 'Approve these 3 requests, each once?' }).waitFor();
    },
  },
  {
    name: 'approvals-outlook',
    page: 'approvals',
    async show(under) {
      const edit = card({
        tool: 'edit',
        comparable: true,
        action: 'edit a.ts\n- old\n+ new',
        taint: ['a page'],
      });
      await under.send(approvalsState([DANGEROUS, { ...edit, id: 'edit' }]));
      await under.page.getByRole('combobox').first().selectOption('2');
      const forecast = {
        days: 30,
        considered: 90,
        wouldAutoRun: 12,
        examples: ['curl -O https://a.example'],
      };
      await under.send({ type: 'forecast', id: DANGEROUS.id, pattern: 'curl *', forecast });
      await under.page.getByText('would have run 12 actions').click();
    },
  },
  ...(['no-folder', 'restricted', 'starting', 'held', 'failed', 'paused', 'ready'] as const).map((kind) => ({
    name: `approvals-${kind}`,
    page: 'approvals',
    show: (under: PageUnderTest) =>
      under.send(
        approvalsState([], {
          ...engine(kind),
          setup: { users: kind === 'ready' ? 1 : 0, channelsOnline: 1 },
        }),
      ),
  })),
  { name: 'audit', page: 'audit', show: audit },
  {
    name: 'audit-damaged',
    page: 'audit',
    async show(under) {
      await audit(under);
      const place = { segment: '000001.jsonl', line: 42, seq: 42, problem: 'The record was changed.' };
      await under.send({ type: 'verify', verify: { state: 'damaged', records: 41, ...place } });
    },
  },
  {
    name: 'audit-charts',
    page: 'audit',
    async show(under) {
      await audit(under);
      await under.page.getByRole('button', { name: 'Charts' }).click();
      for (const table of await under.page.getByText('Show as a table').all()) await table.click();
    },
  },
  {
    name: 'audit-filters',
    page: 'audit',
    async show(under) {
      await audit(under);
      const saved = [
        { name: 'What Ada was denied', filter: 'user:telegram:7001:84512 effect:deny' },
        { name: 'أحمد', filter: 'tool:run' },
      ];
      await under.send({ ...AUDIT_STATE, saved, filter: 'effect:deny user:telegram:7001:84512 "npm test"' });
      await under.page.getByRole('button', { name: 'How to filter' }).click();
      await under.page.locator('.input').click();
      await under.page.locator('.input').press('End');
      await under.page.locator('.input').pressSequentially(' ');
      await under.page.getByRole('option').first().waitFor();
      await under.page.locator('.input').press('ArrowDown');
    },
  },
  {
    name: 'audit-proof',
    page: 'audit',
    async show(under) {
      await audit(under);
      await under.page.getByText('Proof of inclusion').click();
      const head = { seq: 100, at: 1_700_000_000_000, root: 'ab'.repeat(32), key: 'cd'.repeat(8) };
      const path = ['12', '34', '56'].map((part) => part.repeat(32));
      await under.send({ type: 'proof', seq: 97, proof: { path, head }, message: '' });
      await under.page.getByText('Records under the head').waitFor();
    },
  },
  {
    name: 'audit-zoom',
    page: 'audit',
    widths: [1200, 600],
    zoom: 2,
    show: audit,
  },
  {
    name: 'audit-empty',
    page: 'audit',
    async show(under) {
      await under.send(AUDIT_STATE);
      await under.page.locator('.input').waitFor();
      await under.send({ type: 'page', requestId: await asked(under, 'query'), rows: [], total: 0 });
      await under.page.getByText('No record matches.').waitFor();
    },
  },
  {
    name: 'audit-verifying',
    page: 'audit',
    async show(under) {
      await audit(under);
      await under.send({ type: 'verify', verify: { state: 'running', records: 123_456 } });
      await under.page.getByText('Checking…').waitFor();
    },
  },
  ...(['no-folder', 'restricted', 'starting', 'held', 'failed', 'paused'] as const).map((kind) => ({
    name: `audit-${kind}`,
    page: 'audit',
    async show(under: PageUnderTest) {
      await under.send({ ...AUDIT_STATE, ...engine(kind) });
      await under.page.locator('.input').waitFor();
    },
  })),
  {
    name: 'audit-error',
    page: 'audit',
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
  { name: 'task', page: 'task', show: (under) => under.send(taskState()) },
  {
    name: 'task-files',
    page: 'task',
    show: (under) => under.send(taskWith({ files: TASK_FILES })),
  },
  {
    name: 'task-zoom',
    page: 'task',
    widths: [600],
    zoom: 2,
    show: (under) => under.send(taskWith({ files: TASK_FILES })),
  },
  {
    name: 'task-done',
    page: 'task',
    show: (under) =>
      under.send(
        taskWith({
          state: 'done',
          stateText: 'done',
          detail: '',
          final: true,
          endedAt: Date.now(),
          steps: [taskState().task.steps[0]],
        }),
      ),
  },
  {
    name: 'task-nearly',
    page: 'task',
    show: (under) => under.send(taskWith({ timeLimitMs: 70_000 })),
  },
  {
    name: 'task-force',
    page: 'task',
    async show(under) {
      await under.send(taskState());
      await under.page.getByRole('button', { name: 'Force Stop' }).click();
      await under.page.getByText('Kill every process now').waitFor();
    },
  },
  {
    name: 'task-rtl',
    page: 'task',
    show: (under) =>
      under.send(
        taskWith({
          title: 'اكتب الملف التالي من فضلك ثم شغّل npm test',
          displayName: 'أحمد',
          detail: 'يعمل الآن',
          files: [{ ...TASK_FILES[0], name: 'src/عربة التسوق.ts' }],
        }),
      ),
  },
  {
    name: 'task-unknown',
    page: 'task',
    show: (under) => under.send(taskState({ task: undefined })),
  },
  { name: 'pairing', page: 'pairing', show: (under) => under.send(pairingState()) },
  {
    name: 'pairing-used',
    page: 'pairing',
    show: (under) =>
      under.send(
        pairingState({ phase: 'used', code: undefined, link: undefined, outcome: 'Ada is in as member.' }),
      ),
  },
  {
    name: 'pairing-shared',
    page: 'pairing',
    show: (under) => under.send(pairingState({ triedBy: 3, expected: '84512' })),
  },
  {
    name: 'authenticator',
    page: 'authenticator',
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
