import { toAuditRow } from '../../../src/views/present/audit-row';
import { launchChromium } from '../../harness/browser';
import * as f from './fixtures';
import { axeViolations, openPage } from './open-page';

(async () => {
  const b = await launchChromium();
  const out = '/work/main/test-results/views';
  const records: any[] = [];
  const add = (type: string, data: any, actor = 'engine') =>
    records.unshift({
      seq: records.length + 1,
      at: Date.now() - 60000 + records.length * 997,
      type,
      actor,
      subject: '',
      data,
      prev: '0',
      hash: 'f'.repeat(64),
    });
  add('engine.started', { version: '0.1.0' });
  add('access.admitted', {
    user: 'telegram:7:84',
    displayName: 'Ada',
    role: 'member',
    how: 'paired',
    context: 'dm',
  });
  for (let i = 0; i < 40; i++) {
    add(
      'message.received',
      { channel: 'telegram', text: '/run npm test', sender: 'telegram:7:84' },
      'telegram:7:84',
    );
    add(
      'decision.made',
      {
        taskId: 't1',
        tool: 'run',
        action: 'npm test',
        effect: i % 3 ? 'ask' : 'deny',
        layer: 'mode',
        ruleId: 'x',
        reasons: [],
      },
      'engine',
    );
    add('action.finished', {
      taskId: 't1',
      ok: i % 4 > 0,
      exitCode: i % 4 ? 0 : 1,
      output: 'all 12 tests passed \u202Egnp.exe',
      durationMs: 3,
    });
  }
  for (const theme of ['dark', 'light', 'hc-dark'] as const)
    for (const width of [1100, 420]) {
      const p = await openPage(b, 'audit', { theme, width, height: 800 });
      await p.send({
        type: 'state',
        locale: f.LOCALE,
        engine: { kind: 'ready', detail: '' },
        channels: ['local', 'telegram'],
        types: [],
      });
      await p.page.waitForTimeout(100);
      const q = (await p.said()).filter((m) => m.type === 'query');
      await p.send({
        type: 'page',
        requestId: q.at(-1)!.requestId,
        rows: records.slice(0, 100).map(toAuditRow),
        nextBeforeSeq: records[99].seq,
        total: records.length,
      });
      await p.send({
        type: 'verify',
        verify: {
          state: 'damaged',
          records: 41,
          problem: 'The record was changed after it was written.',
          segment: '000001.jsonl',
          line: 42,
          seq: 42,
        },
      });
      await p.page.waitForTimeout(100);
      await p.page.locator('.row').nth(4).click();
      if (theme !== 'light') {
        await p.page.getByRole('button', { name: 'Charts' }).click();
        const hr = Math.floor(Date.now() / 3600000) * 3600000;
        await p.send({
          type: 'charts',
          until: Date.now(),
          activity: Array.from({ length: 24 }, (_, i) => [
            { series: 'local', at: hr - i * 3600000, count: (i * 7) % 5 },
            { series: 'telegram', at: hr - i * 3600000, count: (i * 3) % 11 },
          ]).flat(),
          decisions: [
            { series: 'allow', at: 0, count: 41 },
            { series: 'ask', at: 0, count: 12 },
            { series: 'deny', at: 0, count: 7 },
          ],
        });
      }
      await p.page.waitForTimeout(200);
      await p.page.screenshot({ path: `${out}/audit-${theme}-${width}.png` });
      console.log('audit', theme, width, p.incidents, (await axeViolations(p.page)).join('\n'));
      await p.close();
    }
  const task = {
    id: 't1',
    user: 'telegram:7:84',
    displayName: 'Ada Lovelace',
    channel: 'telegram',
    conversation: '84',
    title: 'npm test',
    state: 'running',
    stateText: 'running',
    detail: 'The command runs.',
    final: false,
    createdAt: Date.now() - 64000,
    startedAt: Date.now() - 60000,
    denials: 1,
    steps: [
      {
        actionId: 'a',
        tool: 'run',
        action: 'npm ci',
        sandbox: 'process',
        startedAt: 1,
        state: 'ok',
        exitCode: 0,
        durationMs: 4200,
        output: 'added 12 packages\n\u001b[32mok\u001b[0m',
      },
      { actionId: 'b', tool: 'run', action: 'npm test', sandbox: 'process', startedAt: 1, state: 'running' },
    ],
  };
  for (const theme of ['dark', 'light', 'hc-dark'] as const) {
    const p = await openPage(b, 'task', { theme, width: 700, height: 600 });
    await p.send({
      type: 'state',
      locale: f.LOCALE,
      engine: { kind: 'ready', detail: '' },
      now: Date.now(),
      task,
      live: '\u001b[1m> test\u001b[0m\n\u001b[32m✔ adds\u001b[0m\n\u001b[31m✖ subtracts\u001b[0m\n\u001b[2Khidden?\u001b]0;title\u0007 link\n',
    });
    await p.page.waitForTimeout(200);
    await p.page.screenshot({ path: `${out}/task-${theme}.png` });
    console.log('task', theme, p.incidents, (await axeViolations(p.page)).join('\n'));
    await p.close();
  }
  for (const theme of ['dark', 'light', 'hc-light'] as const) {
    const p = await openPage(b, 'pairing', { theme, width: 520, height: 860 });
    await p.send({
      type: 'state',
      locale: f.LOCALE,
      now: Date.now(),
      channel: 'Telegram',
      context: 'direct message',
      role: 'member',
      local: false,
      how: 'Show this code to the person. They send it to the bot as a direct message, with nothing else in it.',
      code: 'K7M2QX',
      link: 'https://t.me/shop_bot?start=K7M2QX',
      expiresAt: Date.now() + 290000,
      phase: 'live',
      outcome: '',
      tries: [{ at: Date.now(), sender: '99', displayName: 'Mal\u202Elory', triesLeft: 4 }],
    });
    await p.page.waitForTimeout(200);
    await p.page.screenshot({ path: `${out}/pairing-${theme}.png` });
    console.log('pairing', theme, p.incidents, (await axeViolations(p.page)).join('\n'));
    await p.close();
  }
  await b.close();
})();
