import assert from 'node:assert/strict';
import type { ApprovalView, EngineApi } from '../../../src/engine/api';
import { Emitter } from '../../../src/engine/model/emitter';
import type { ApprovalsView } from '../../../src/views/approvals-view';
import type { AuditPanels } from '../../../src/views/panels/audit-panel';
import { FakeEditor, withEditor } from './editor';
import { approval } from './views';

type Message = Readonly<Record<string, unknown>> & { readonly type: string };

/** A page as the extension has it: what it was told, and a way to speak for it. */
class Page {
  readonly told: Message[] = [];
  private readonly said = new Emitter<unknown>();
  readonly webview = {
    options: {} as { localResourceRoots?: readonly unknown[] },
    html: '',
    onDidReceiveMessage: this.said.event,
    postMessage: async (message: Message) => {
      this.told.push(message);
      return true;
    },
  };
  readonly onDidDispose = new Emitter<void>().event;
  readonly visible = true;
  badge: unknown;
  reveal(): void {}
  dispose(): void {}

  async says(message: unknown): Promise<void> {
    this.said.fire(message);
    await settled();
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const record = (seq: number) => ({
  seq,
  at: 1,
  type: 'engine.paused',
  actor: 'desk',
  subject: 'engine',
  data: { reason: 'lunch' },
});

/** The views over an engine whose parts a test changes. */
function views(parts: { query?: () => Promise<unknown>; pending?: () => readonly ApprovalView[] }) {
  const editor = new FakeEditor();
  const pages: Page[] = [];
  let provider: { resolveWebviewView(view: unknown): void } | undefined;
  Object.assign(editor.api.window as object, {
    createWebviewPanel: () => {
      const page = new Page();
      pages.push(page);
      return page;
    },
    registerWebviewViewProvider: (_: string, given: typeof provider) => {
      provider = given;
      return { dispose: () => undefined };
    },
  });
  const changes = new Emitter<ReadonlySet<string>>();
  const engine = {
    onChange: changes.event,
    users: { list: () => [] },
    tasks: { list: () => [] },
    status: () => ({ phase: 'ready', detail: '' }),
    approvals: { pending: parts.pending ?? (() => []) },
    audit: { query: parts.query ?? (async () => ({ records: [], total: 0 })) },
    // Only what these views call.
  } as unknown as EngineApi;
  const host = {
    engine: () => engine,
    engineState: { get: () => ({ kind: 'ready', detail: '' }), onChange: new Emitter<unknown>().event },
    channels: { list: () => [], onChange: new Emitter<void>().event },
    pages: { of: (name: string) => ({ script: `run('${name}')`, style: 'p{}' }) },
    log: { error: () => undefined, warn: () => undefined },
  };
  const storage = { get: () => undefined, update: async () => undefined };
  const made = withEditor(editor, (load) => {
    for (const path of Object.keys(load.cache)) if (path.includes('/src/views/')) delete load.cache[path];
    const { EngineWatch } = load('../../../src/views/engine-watch');
    const { AuditPanels } = load('../../../src/views/panels/audit-panel');
    const { ApprovalsView } = load('../../../src/views/approvals-view');
    const { SavedFilters } = load('../../../src/views/saved-filters');
    const watch = new EngineWatch(host);
    return {
      audit: new AuditPanels(
        { ...host, extensionUri: '/x' },
        watch,
        host.channels,
        new SavedFilters(storage),
      ),
      approvals: new ApprovalsView(host, watch),
    } as { audit: AuditPanels; approvals: ApprovalsView };
  });
  const approvalsPage = () => {
    const page = new Page();
    provider?.resolveWebviewView(page);
    return page;
  };
  const changed = (...kinds: readonly string[]) => changes.fire(new Set(kinds));
  return { ...made, pages, approvalsPage, changed };
}

describe('what pages are told', () => {
  after(() => {
    for (const path of Object.keys(require.cache))
      if (path.includes('/src/views/')) delete require.cache[path];
  });

  it('audit: the first records come with the first state, before the page has asked for either', async () => {
    const { audit, pages } = views({ query: async () => ({ records: [record(7)], total: 1 }) });
    audit.show('effect:deny');
    await settled();
    const [page] = pages;
    const [early] = page?.told ?? [];
    assert.equal(early?.type, 'state');
    assert.ok(early.locale, 'a page can be drawn with it');
    assert.equal(early.filter, 'effect:deny');
    const { filter, rows, total } = early.ahead as { filter: string; rows: { seq: number }[]; total: number };
    assert.deepEqual([filter, rows.map(({ seq }) => seq), total], ['effect:deny', [7], 1]);
  });

  it('audit: everything once more when the page is there, as what came before may be lost; the filter then never again', async () => {
    const { audit, pages, changed } = views({});
    audit.show('effect:deny');
    await settled();
    const page = pages[0] as Page;
    await page.says({ type: 'ready' });
    assert.equal(page.told.length, 2);
    assert.equal(page.told[1]?.filter, 'effect:deny');
    assert.ok(page.told[1]?.locale);
    changed('status');
    assert.equal(page.told[2]?.type, 'state');
    assert.equal(page.told[2]?.filter, undefined);
  });

  it('audit: nothing ahead when the record answers late or not at all, or the filter is not one', async () => {
    let answer: (value: unknown) => void = () => undefined;
    const late = views({ query: () => new Promise((resolve) => (answer = resolve)) });
    late.audit.show();
    const [slow] = late.pages;
    await slow?.says({ type: 'ready' });
    answer({ records: [record(7)], total: 1 });
    await settled();
    assert.deepEqual(
      slow?.told.map(({ type, ahead }) => [type, ahead]),
      [['state', undefined]],
    );

    const failing = views({ query: () => Promise.reject(new Error('closed')) });
    failing.audit.show();
    failing.audit.show('effect:perhaps');
    await settled();
    assert.deepEqual(
      failing.pages[0]?.told.map(({ ahead }) => ahead),
      [undefined],
      'the state that the second call sends',
    );
  });

  it('approvals: only what changed, and everything when the page is loaded anew', async () => {
    let waiting: ApprovalView[] = [];
    const { approvalsPage, changed } = views({ pending: () => waiting });
    const page = approvalsPage();
    const cards = () => page.told.map((message) => (message.cards as unknown[]).length);
    await page.says({ type: 'ready' });
    changed('users', 'status');
    changed('channels');
    assert.deepEqual(cards(), [0]);
    waiting = [approval()];
    changed('approvals');
    changed('approvals', 'tasks');
    assert.deepEqual(cards(), [0, 1]);
    await page.says({ type: 'ready' });
    assert.deepEqual(cards(), [0, 1, 1]);
  });

  it('pages run their own script alone and can load nothing', async () => {
    const { audit, pages, approvalsPage } = views({});
    audit.show();
    for (const { webview } of [pages[0] as Page, approvalsPage()]) {
      assert.deepEqual(webview.options.localResourceRoots, []);
      const nonce = /<script nonce="([^"]{24})"/.exec(webview.html)?.[1];
      assert.ok(nonce);
      const policy = /content="(default-src[^"]*)"/.exec(webview.html)?.[1] ?? '';
      assert.ok(policy.startsWith("default-src 'none'; "));
      assert.deepEqual(/script-src ([^;]*)/.exec(policy)?.[1], `'nonce-${nonce}'`);
      assert.doesNotMatch(policy, /https?:|unsafe|\*|connect-src (?!'none')/);
      assert.doesNotMatch(webview.html, /\b(src|href)=/);
    }
    assert.notEqual(pages[0]?.webview.html.slice(0, 300), approvalsPage().webview.html.slice(0, 300));
  });
});
