import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { EngineApi } from '../../../src/engine/api';
import type { Emitter } from '../../../src/engine/model/emitter';
import { FakeEditor, withEditor } from './editor';
import { code, posture, task } from './views';

const CYCLES = 200;
/** What a run of the test itself may leave, in bytes: far less than a page's state a cycle. */
const SLACK = 4_000_000;

/** An event that knows how many listen. */
class Counted<T> {
  private readonly listeners = new Set<(value: T) => void>();
  readonly event = (listener: (value: T) => void) => {
    this.listeners.add(listener);
    return { dispose: () => void this.listeners.delete(listener) };
  };

  fire(value: T): void {
    for (const listener of [...this.listeners]) listener(value);
  }

  get size(): number {
    return this.listeners.size;
  }
}

interface Panel {
  readonly received: Counted<unknown>;
  readonly disposed: Counted<void>;
  close(): void;
}

/** Panels as the editor makes them: closing one tells whoever listens, and nothing is listened to after that. */
class Window {
  readonly open: Panel[] = [];
  posted = 0;
  /** Every panel that was made and is not yet collected. */
  private made: WeakRef<object>[] = [];

  create() {
    const received = new Counted<unknown>();
    const disposed = new Counted<void>();
    let closed = false;
    const close = () => {
      if (closed) return;
      closed = true;
      disposed.fire();
      this.open.splice(this.open.indexOf(shown), 1);
    };
    const shown: Panel = { received, disposed, close };
    this.open.push(shown);
    const panel = {
      webview: {
        options: {},
        html: '',
        onDidReceiveMessage: received.event,
        postMessage: async () => {
          this.posted += 1;
          return true;
        },
      },
      onDidDispose: disposed.event,
      reveal: () => undefined,
      dispose: close,
    };
    this.made.push(new WeakRef(panel));
    return panel;
  }

  /** How many of those that were made somebody still holds. */
  held(): number {
    this.made = this.made.filter((panel) => panel.deref() !== undefined);
    return this.made.length;
  }
}

function collect(): number {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  if (typeof gc === 'function') for (let turn = 0; turn < 3; turn += 1) gc();
  return process.memoryUsage().heapUsed;
}

/** Modules keep the editor with which they were loaded: those of the views are loaded anew for this one. */
function forgetViews(load: NodeJS.Require): void {
  for (const path of Object.keys(load.cache)) if (path.includes('/src/views/')) delete load.cache[path];
}

describe('panels', () => {
  after(() => forgetViews(require));

  it(`leave nothing behind after ${CYCLES} times, and closing one stops what it had begun`, async () => {
    const window = new Window();
    const editor = new FakeEditor();
    Object.assign(editor.api.window as object, { createWebviewPanel: () => window.create() });
    const changes = new Counted<ReadonlySet<string>>();
    const wrongTries = new Counted<unknown>();
    let aborted = 0;
    const never = (signal?: AbortSignal) =>
      new Promise((_, reject) =>
        signal?.addEventListener('abort', () => {
          aborted += 1;
          reject(signal.reason);
        }),
      );
    const engine = {
      onChange: changes.event,
      users: { list: () => [] },
      tasks: { list: () => [task()], get: () => task(), changes: async () => [] },
      pairing: { live: () => [code()], onWrongTry: wrongTries.event },
      status: () => ({ phase: 'ready', detail: '' }),
      posture: { report: () => posture(), history: () => [] },
      stepUp: { begin: () => ({ uri: 'otpauth://x', secret: 'A' }) },
      audit: {
        query: async () => ({ records: [], total: 0 }),
        verify: (_: unknown, signal?: AbortSignal) => never(signal),
        aggregates: (_: unknown, options: { signal?: AbortSignal }) => never(options.signal),
      },
      // Only what the panels call.
    } as unknown as EngineApi;
    const states = new Counted<unknown>();
    const channels = { list: () => [], pairingLink: () => undefined, onChange: new Counted<void>().event };
    const log = { error: () => undefined, warn: () => undefined };
    const host = {
      engine: () => engine,
      engineState: { get: () => ({ kind: 'ready', detail: '' }), onChange: states.event },
      channels,
      log,
    };
    const made = withEditor(editor, (load) => {
      forgetViews(load);
      const { EngineWatch } = load('../../../src/views/engine-watch');
      const { AuditPanels } = load('../../../src/views/panels/audit-panel');
      const { TaskPanels } = load('../../../src/views/panels/task-panel');
      const { PairingPanels } = load('../../../src/views/panels/pairing-panel');
      const { AuthenticatorPanels } = load('../../../src/views/panels/authenticator-panel');
      const { PosturePanels } = load('../../../src/views/panels/posture-panel');
      const { SavedFilters } = load('../../../src/views/saved-filters');
      const watch = new EngineWatch(host);
      const panelHost = { extensionUri: '/extension', pages: { of: () => ({ script: '', style: '' }) }, log };
      const storage = { get: () => undefined, update: async () => undefined };
      return {
        watch,
        audit: new AuditPanels(panelHost, watch, channels, new SavedFilters(storage)),
        tasks: new TaskPanels(panelHost, watch),
        pairing: new PairingPanels(panelHost, watch, channels),
        authenticator: new AuthenticatorPanels(panelHost, watch),
        posture: new PosturePanels(panelHost, watch),
      };
    });
    const tried = { sender: 'telegram:7:9', channel: 'telegram', displayName: 'Eve', triesLeft: 4 };
    let listening = 0;
    const watched = made.watch.onChange as Emitter<unknown>['event'];
    const original = watched;
    Object.defineProperty(made.watch, 'onChange', {
      value: (listener: (value: unknown) => void) => {
        listening += 1;
        const registered = original(listener);
        return {
          dispose: () => {
            listening -= 1;
            registered.dispose();
          },
        };
      },
    });
    const cycle = async (turn: number) => {
      made.audit.show(turn % 2 === 0 ? 'effect:deny' : undefined);
      made.tasks.show(`t${turn}`);
      made.tasks.receive(`t${turn}`, 'output\n');
      made.pairing.show('ABC234', code());
      made.authenticator.show({ key: 'desk', name: 'The desk', purpose: 'It asks for codes.' });
      // Beginning anew takes the place of what was begun.
      made.authenticator.show({ key: 'desk', name: 'The desk', purpose: 'It asks for codes.' });
      made.posture.show();
      assert.equal(window.open.length, 5);
      for (const { received } of window.open) received.fire({ type: 'ready' });
      made.pairing.wrongTry(tried);
      const [audit] = window.open;
      audit?.received.fire({ type: 'verify' });
      audit?.received.fire({ type: 'charts', requestId: turn + 1, filter: '' });
      changes.fire(new Set(['audit', 'tasks', 'codes', 'posture']));
      await new Promise((done) => setImmediate(done));
      for (const panel of [...window.open]) {
        panel.close();
        assert.equal(panel.received.size, 0, 'a closed page is still listened to');
      }
      made.tasks.prune();
      await new Promise((done) => setImmediate(done));
    };
    for (let turn = 0; turn < 20; turn += 1) await cycle(turn);
    const before = collect();
    const asked = aborted;
    for (let turn = 0; turn < CYCLES; turn += 1) await cycle(turn);
    assert.equal(listening, 0, 'a closed panel still follows the engine');
    assert.equal(window.open.length, 0);
    assert.equal(aborted - asked, 2 * CYCLES, 'a check or a count goes on for a panel that is closed');
    const grown = collect() - before;
    assert.ok(grown < SLACK, `${grown} bytes more`);
    // The last cycle's may still be on the stack.
    assert.ok(window.held() <= 6, `${window.held()} panels that were closed are still held`);
    const posted = window.posted;
    changes.fire(new Set(['audit', 'tasks', 'codes', 'posture', 'status']));
    made.pairing.wrongTry(tried);
    assert.equal(made.pairing.reveal('c1'), false, 'a code whose panel was closed is still kept');
    assert.equal(window.posted, posted);
    made.watch.dispose();
    assert.equal(changes.size + states.size, 0);
  });
});
