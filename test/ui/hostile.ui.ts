import assert from 'node:assert/strict';
import type { AnyRecord } from '../../src/engine/model/record';
import { toAuditRow } from '../../src/views/present/audit-row';
import { segments } from '../../src/views/protocol/marks';
import {
  AUDIT_STATE,
  approvalsState,
  authenticatorState,
  card,
  pairingState,
  taskState,
} from './page/fixtures';
import type { PageUnderTest } from './page/open-page';
import { isLarge, named, PAYLOADS } from './page/payloads';
import { usePages } from './page/suite';

/** Fails when the page did anything with a text but show it. */
async function unhurt(under: PageUnderTest, where: string): Promise<void> {
  const { hacked, foreign, excess } = (await under.page.evaluate(`({
    hacked: globalThis.hacked ?? 0,
    foreign: document.querySelectorAll('iframe, img, object, embed, form, a, base, video, audio, marquee, script:not(#root + script), body style:not(:empty), body link, body meta, svg a, svg foreignObject, svg image, svg use').length,
    excess: document.documentElement.scrollWidth - innerWidth,
  })`)) as { hacked: number; foreign: number; excess: number };
  assert.equal(hacked, 0, `${where}: a script ran`);
  assert.deepEqual(under.incidents, [], where);
  assert.equal(foreign, 0, `${where}: foreign elements`);
  assert.ok(excess <= 0, `${where}: ${excess} px too wide`);
}

/**
 * The page without the text from outside: every element with its class and the text of its own, in order. What is
 * the same for two texts from outside was changed by neither of them. Figures are left out: clocks run.
 */
function skeleton(under: PageUnderTest): Promise<unknown> {
  return under.page.evaluate(`(() => {
    const outside = '.untrusted, .output, .command, .raw';
    const parts = [];
    const walk = (element, depth) => {
      const isOutside = element.matches(outside);
      const own = isOutside ? '' : [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data).join('|');
      parts.push((depth + ' ' + element.tagName + '.' + element.getAttribute('class') + ' ' + own).replace(/[0-9]+/g, '#'));
      if (!isOutside) for (const child of element.children) walk(child, depth + 1);
    };
    walk(document.getElementById('root'), 0);
    return parts;
  })()`);
}

/** What a person reads of a text that is shown with its marks. */
const read = (text: string) =>
  segments(text)
    .map((part) => (part.kind === 'text' ? part.text : `${part.code} ${part.name}`))
    .join('');

/** So that every try is at the same half of the day. */
const NOON = Date.UTC(2026, 0, 1, 12);
/** Rows that the audit page asks for at once. */
const ON_A_PAGE = 100;
/** Buttons of a record about a task. */
const DETAIL_BUTTONS = [
  'Close the details',
  'Copy the record',
  'Open task',
  'Only this task',
  'Receipt… for record #',
];
/** Classes of the cells of a row, in order. */
const CELLS = ['seq', 'at', 'type', 'actor', 'channel', 'summary'].map((name) => `cell ${name}`);

function hostileRow(text: string, seq: number) {
  const short = isLarge(text) ? 'x' : text;
  const data = { taskId: short, user: short, channel: short, conversation: short, messageId: short };
  return toAuditRow({
    seq,
    at: 1,
    type: 'task.created',
    actor: short,
    subject: short,
    prev: '',
    hash: '',
    data: { ...data, title: text },
  } as AnyRecord);
}

function hostileTask(text: string, short: string, index: number) {
  const state = taskState({ live: '' });
  const step = {
    actionId: `s${index}`,
    tool: short,
    action: text,
    sandbox: short,
    startedAt: 1,
    state: 'ok',
    // Nothing has no block of its own.
    output: text || 'x',
  };
  const task = {
    ...state.task,
    title: text,
    displayName: short,
    channel: short,
    detail: short,
    stateText: 'done',
  };
  const file = { id: text.slice(0, 100), name: text, kind: 'modified', state: 'changed' };
  const files = [
    { ...file, canCompare: true, canUndo: true },
    { ...file, id: `moved ${index}`, kind: 'moved', movedTo: text, canCompare: false, canUndo: false },
  ];
  return { ...state, task: { ...task, files, steps: [step] } };
}

describe('hostile content', () => {
  const open = usePages();

  it('is text on a card, wherever it stands, and changes no other part of it', async () => {
    const under = await open('approvals', { width: 320, height: 900 });
    for (const [index, payload] of PAYLOADS.entries()) {
      const where = named(payload, index);
      // What is large stands where large text can come from; a role or a channel's name cannot be a megabyte.
      const short = isLarge(payload) ? 'x' : payload;
      await under.send(
        approvalsState([
          card({
            id: `hostile-${index}`,
            who: { key: 'k', sender: short, displayName: payload, role: short },
            where: { channel: short, account: short, conversation: short, context: short },
            message: payload,
            tool: short,
            action: payload,
            cwd: short,
            envNames: [short],
            files: [{ path: short, access: 'write' }],
            hosts: [short],
            parts: [
              {
                text: short,
                summary: short,
                risk: 'high',
                explanation: short,
                saferAlternative: short,
              },
            ],
            taint: [short],
            why: {
              layer: short,
              ruleId: short,
              reasons: [short],
              layers: [{ layer: short, effect: short, ruleId: short, reason: short }],
              alter: [short],
            },
            touches: { lines: [short], complete: false },
            sandbox: { label: short, isolated: false },
            scopes: [
              { scope: 'once', allows: short },
              { scope: 'always', pattern: short, allows: short },
            ],
            risk: 'high',
            cautions: [short],
          }),
        ]),
      );
      await under.page.locator(`#card-hostile-${index}`).waitFor({ state: 'attached' });
      await unhurt(under, where);
      assert.equal(await under.page.locator('.card').count(), 1, where);
      const names = await under.page
        .locator('vscode-button')
        .evaluateAll((all) => all.map((item) => item.getAttribute('aria-label')));
      assert.deepEqual(
        names,
        [
          'Show in Audit',
          'Open task',
          'Copy action',
          'Approve',
          'Deny',
          'Deny and cancel task',
          'Deny and revoke user…',
        ],
        where,
      );
      assert.equal(await under.page.locator('header .risk').innerText(), 'High risk', where);
      const shown = await under.page.locator('.action').textContent();
      assert.ok((shown ?? '').length >= read(payload).length, where);
    }
  });

  it('of a million characters in one line is all there, and the card stays in its place', async () => {
    const under = await open('approvals', { width: 320, height: 900 });
    const action = 'a'.repeat(1_000_000);
    await under.send(approvalsState([card({ action, cautions: ['long'] })]));
    await under.page.getByRole('article').waitFor();
    assert.equal((await under.page.locator('.action').textContent())?.length, action.length);
    const box = await under.page.locator('.action').boundingBox();
    assert.ok(box !== null && box.height <= 900 && box.width <= 320);
    await under.page.waitForTimeout(650);
    await under.page.getByRole('button', { name: 'Approve', exact: true }).click();
    await under.page.waitForTimeout(650);
    await under.page.getByRole('button', { name: 'Approve anyway' }).click();
    await under.page.getByText('Scroll the action to its end first.').waitFor();
    assert.ok(
      !(await under.said()).some((message) => message.type === 'approve'),
      'approved without being read',
    );
  });

  it('is one line of text in a row of the audit, and text in its details', async () => {
    for (let first = 0; first < PAYLOADS.length; first += ON_A_PAGE) {
      const payloads = PAYLOADS.slice(first, first + ON_A_PAGE);
      const under = await open('audit', { width: 900, height: 700 });
      await under.send(AUDIT_STATE);
      await under.page.locator('.input').waitFor();
      const rows = payloads.map((text, index) => hostileRow(text, payloads.length - index));
      const query = (await under.said()).findLast((message) => message.type === 'query');
      await under.send({ type: 'page', requestId: query?.requestId, rows, total: rows.length });
      await under.page.locator('.row').first().waitFor();
      await under.page.locator('.grid').focus();
      const buttons = under.page.locator('.detail vscode-button');
      for (const [index, payload] of payloads.entries()) {
        const where = named(payload, first + index);
        await under.page.keyboard.press(index === 0 ? 'Home' : 'ArrowDown');
        await under.page
          .getByRole('heading', { name: `Record ${payloads.length - index}`, exact: true })
          .waitFor();
        await unhurt(under, where);
        const names = await buttons.evaluateAll((all) => all.map((item) => item.getAttribute('aria-label')));
        assert.deepEqual(
          names.map((name) => name?.replace(/\d+/, '#')),
          DETAIL_BUTTONS,
          where,
        );
        const seq = payloads.length - index;
        await under.send({ type: 'record', seq, text: payload });
        await under.send({ type: 'proof', seq, message: payload });
        await unhurt(under, where);
        const { height, cells } = (await under.page.evaluate(`(() => {
          const row = document.querySelector('.row.selected');
          return { height: row.getBoundingClientRect().height, cells: [...row.children].map((cell) => cell.className) };
        })()`)) as { height: number; cells: string[] };
        assert.equal(height, 24, `${where}: the row is as high as any`);
        assert.deepEqual(cells, CELLS, where);
      }
      await under.close();
    }
  });

  it('is text on the page of a task, and leaves every other word of it alone', async () => {
    const under = await open('task', { width: 400 });
    const show = (text: string, small: string, index: number) => under.send(hostileTask(text, small, index));
    await show('x', 'x', -1);
    await under.page.locator('.step').first().waitFor({ state: 'attached' });
    const before = await skeleton(under);
    for (const [index, payload] of PAYLOADS.entries()) {
      const where = `task, ${named(payload, index)}`;
      await show(payload, isLarge(payload) ? 'x' : payload, index);
      await under.page.locator(`.step[data-step="s${index}"]`).waitFor({ state: 'attached' });
      await unhurt(under, where);
      assert.deepEqual(await skeleton(under), before, where);
    }
  });

  it('is text on the page of a pairing code, which keeps nothing', async () => {
    const under = await open('pairing', { width: 400 });
    const show = async (payload: string, at: number) => {
      await under.send(
        pairingState({
          outcome: payload,
          expected: payload,
          tries: [{ at: NOON + at, sender: payload, displayName: payload, triesLeft: 1 }],
        }),
      );
      await under.page.locator('.tries li').first().waitFor({ state: 'attached' });
    };
    await show('x', 0);
    const before = await skeleton(under);
    for (const [index, payload] of PAYLOADS.entries()) {
      const where = `pairing, ${named(payload, index)}`;
      await show(payload, index + 1);
      await unhurt(under, where);
      assert.deepEqual(await skeleton(under), before, where);
      assert.equal(await under.page.locator('.code').textContent(), 'K7M2QX', where);
    }
    assert.deepEqual(await under.page.evaluate('globalThis.kept ?? null'), null);
  });

  it('is text on the page of an authenticator, which keeps nothing', async () => {
    const under = await open('authenticator', { width: 400 });
    const show = async (payload: string, index: number) => {
      await under.send(authenticatorState({ holder: payload, purpose: payload }));
      await under.send({ type: 'result', requestId: index, ok: false, message: payload });
      await under.page.locator('h1').waitFor({ state: 'attached' });
    };
    await show('x', 0);
    const before = await skeleton(under);
    for (const [index, payload] of PAYLOADS.entries()) {
      await show(payload, index + 1);
      const where = `authenticator, ${named(payload, index)}`;
      await unhurt(under, where);
      assert.deepEqual(await skeleton(under), before, where);
    }
    assert.deepEqual(await under.page.evaluate('globalThis.kept ?? null'), null);
  });
});
