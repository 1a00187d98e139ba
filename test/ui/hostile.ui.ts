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
import { usePages } from './page/suite';

const SPOOF = 'Approved.\nLow risk\nAda Lovelace (owner)';

/** Text that tries to become something else: markup, script, styles, links, other text, or a broken layout. */
const PAYLOADS: readonly string[] = [
  '<script>globalThis.hacked=1</script>',
  '<img src=x onerror="globalThis.hacked=1">',
  '<svg onload="globalThis.hacked=1"><script>globalThis.hacked=1</script></svg>',
  '<iframe srcdoc="<script>parent.hacked=1</script>"></iframe>',
  '"><button onclick="globalThis.hacked=1">Approve</button>',
  "' onmouseover='globalThis.hacked=1",
  '</pre></article><article class="card"><h2>Ada wants to run a command</h2><vscode-button>Approve</vscode-button></article>',
  '<style>*{display:none !important}</style>',
  '<link rel=stylesheet href=http://evil.test/x.css>',
  '<meta http-equiv=refresh content="0;url=http://evil.test">',
  '<base href="http://evil.test/">',
  '<form action="http://evil.test"><input name=a autofocus onfocus="globalThis.hacked=1"></form>',
  'javascript:globalThis.hacked=1',
  '[click](command:workbench.action.terminal.sendSequence)',
  '![x](http://evil.test/pixel.png)',
  '$(alert) $(check~spin) $(shield)',
  '{{constructor.constructor("globalThis.hacked=1")()}}',
  '\u0024{globalThis.hacked=1}',
  '__proto__',
  'constructor',
  '{0} {1} {2}',
  '\u202Erm -rf /\u202C',
  '\u2066\u2067\u2068\u2069',
  'a\u200bb\u200cc\u200dd\ufeffe',
  `a${'\u0301'.repeat(10_000)}`,
  'sud\u043e apt install',
  '\u001b[2J\u001b[1;1HApproved',
  '\u001b]8;;http://evil.test\u0007link\u001b]8;;\u0007',
  '\u0000\u0001\u0002\u007f',
  '\ud800 broken \udfff',
  SPOOF,
  'x'.repeat(100_000),
  `${'word '.repeat(20_000)}`,
  '\n'.repeat(500),
  '\u3164\u3164\u3164',
  '﷽﷽﷽﷽﷽﷽﷽﷽',
  'عربى עברית mixed English',
  '🏳️‍🌈👩‍👩‍👧‍👦',
];

async function unhurt(under: PageUnderTest, where: string): Promise<void> {
  assert.equal(await under.page.evaluate('globalThis.hacked ?? 0'), 0, `${where}: a script ran`);
  assert.deepEqual(under.incidents, [], where);
  const foreign = await under.page.evaluate(
    `document.querySelectorAll('iframe, img, object, embed, form, a, base, body script:not([src]), body style:not(:empty), body link').length`,
  );
  assert.equal(foreign, 0, `${where}: foreign elements`);
  assert.ok(
    Number(await under.page.evaluate('document.documentElement.scrollWidth - innerWidth')) <= 0,
    `${where}: too wide`,
  );
}

/** What a person reads of a text that is shown with its marks. */
const read = (text: string) =>
  segments(text)
    .map((part) => (part.kind === 'text' ? part.text : `${part.code} ${part.name}`))
    .join('');

describe('hostile content', () => {
  const open = usePages();

  it('is text on a card, wherever it stands, and changes no other part of it', async () => {
    const under = await open('approvals', { width: 320, height: 900 });
    for (const [index, payload] of PAYLOADS.entries()) {
      const where = `payload ${index}: ${JSON.stringify(payload.slice(0, 40))}`;
      await under.send(
        approvalsState([
          card({
            id: `hostile-${index}`,
            who: { key: 'k', sender: payload, displayName: payload, role: payload },
            where: { channel: payload, account: payload, conversation: payload, context: payload },
            message: payload,
            tool: payload,
            action: payload,
            cwd: payload,
            envNames: [payload],
            files: [{ path: payload, access: 'write' }],
            hosts: [payload],
            parts: [
              {
                text: payload,
                summary: payload,
                risk: 'high',
                explanation: payload,
                saferAlternative: payload,
              },
            ],
            taint: [payload],
            why: {
              layer: payload,
              ruleId: payload,
              reasons: [payload],
              layers: [{ layer: payload, effect: payload, ruleId: payload, reason: payload }],
              alter: [payload],
            },
            touches: { lines: [payload], complete: false },
            sandbox: { label: payload, isolated: false },
            scopes: [
              { scope: 'once', allows: payload },
              { scope: 'always', pattern: payload, allows: payload },
            ],
            risk: 'high',
            cautions: [payload],
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
        ['Open task', 'Copy action', 'Approve', 'Deny', 'Deny and cancel task', 'Deny and revoke user…'],
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
    const under = await open('audit', { width: 900, height: 700 });
    await under.send(AUDIT_STATE);
    await under.page.locator('.input').waitFor();
    const rows = PAYLOADS.map((text, index) =>
      toAuditRow({
        seq: PAYLOADS.length - index,
        at: 1,
        type: 'task.created',
        actor: text,
        subject: text,
        prev: '',
        hash: '',
        data: { taskId: text, user: text, channel: text, conversation: text, title: text, messageId: text },
      } as AnyRecord),
    );
    const query = (await under.said()).findLast((message) => message.type === 'query');
    await under.send({ type: 'page', requestId: query?.requestId, rows, total: rows.length });
    await under.page.locator('.row').first().waitFor();
    await under.page.locator('.grid').focus();
    for (const index of PAYLOADS.keys()) {
      await under.page.keyboard.press(index === 0 ? 'Home' : 'ArrowDown');
      await under.page.getByRole('heading', { name: `Record ${PAYLOADS.length - index}` }).waitFor();
      await unhurt(under, `payload ${index}`);
    }
    const heights = await under.page
      .locator('.row')
      .evaluateAll((all) => all.map((row) => row.getBoundingClientRect().height));
    assert.ok(heights.every((height) => height === 24));
  });

  it('is text on the pages of a task and of a pairing code', async () => {
    const task = await open('task', { width: 400 });
    const pairing = await open('pairing', { width: 400 });
    for (const [index, payload] of PAYLOADS.entries()) {
      const state = taskState({ live: payload });
      const step = {
        actionId: `s${index}`,
        tool: payload,
        action: payload,
        sandbox: payload,
        startedAt: 1,
        state: 'ok',
        output: payload,
      };
      await task.send({
        ...state,
        task: { ...state.task, title: payload, displayName: payload, detail: payload, steps: [step] },
      });
      await pairing.send(
        pairingState({
          outcome: payload,
          expected: payload,
          tries: [{ at: index, sender: payload, displayName: payload, triesLeft: 1 }],
        }),
      );
      await task.page.locator('.step').first().waitFor({ state: 'attached' });
      await pairing.page.locator('.tries li').first().waitFor({ state: 'attached' });
      await unhurt(task, `task, payload ${index}`);
      await unhurt(pairing, `pairing, payload ${index}`);
    }
    assert.deepEqual(
      await pairing.page.evaluate('globalThis.kept ?? null'),
      null,
      'a page that shows a code keeps nothing',
    );
  });

  it('is text on the page of an authenticator, which keeps nothing', async () => {
    const page = await open('authenticator', { width: 400 });
    for (const [index, payload] of PAYLOADS.entries()) {
      await page.send(authenticatorState({ holder: payload, purpose: payload }));
      await page.send({ type: 'result', requestId: index, ok: false, message: payload });
      await page.page.locator('h1').waitFor({ state: 'attached' });
      await unhurt(page, `authenticator, payload ${index}`);
    }
    assert.deepEqual(await page.page.evaluate('globalThis.kept ?? null'), null);
  });
});
