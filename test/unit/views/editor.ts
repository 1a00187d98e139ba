import { createRequire } from 'node:module';

/**
 * Stands in for the editor's API in tests of what views do with it. It records what was shown and asked, and
 * answers as it is told; it draws nothing. Tests in the real editor are `test/host` and `test/ui`.
 */
export class FakeEditor {
  /** leave: the person closes every question. first: they take the first choice of each. */
  answers: 'leave' | 'first' = 'leave';
  /** Which item of a list `first` takes. */
  chosen = 0;
  readonly shown: { readonly kind: 'error' | 'warning' | 'information'; readonly text: string }[] = [];
  readonly executed: (readonly unknown[])[] = [];
  readonly commands = new Map<string, (...args: unknown[]) => Promise<void>>();
  readonly panels: string[] = [];
  readonly clipboard: string[] = [];
  readonly documents: string[] = [];

  readonly api = this.build();

  private build(): Record<string, unknown> {
    const disposable = () => ({ dispose: () => undefined });
    const event = () => disposable();
    const show =
      (kind: 'error' | 'warning' | 'information') =>
      async (text: string, ...rest: readonly unknown[]) => {
        this.shown.push({ kind, text });
        const choices = rest.filter((item) => typeof item === 'string');
        return this.answers === 'first' && kind !== 'error' ? choices[0] : undefined;
      };
    /** A box that is answered as soon as it is shown, and again when it offers something else. */
    const box = () => {
      let accept = async () => {};
      let hide = () => {};
      let shown = false;
      let over = false;
      let items: readonly unknown[] = [];
      let typed = '';
      const answer = () =>
        setImmediate(() => {
          if (over || !shown) return;
          if (this.answers === 'leave') hide();
          else void accept();
        });
      return {
        busy: false,
        get value() {
          return typed || '12345';
        },
        set value(next: string) {
          typed = next;
        },
        get items() {
          return items;
        },
        set items(next: readonly unknown[]) {
          items = next;
          if (shown) answer();
        },
        get selectedItems() {
          return items.slice(0, 1);
        },
        onDidTriggerButton: event,
        onDidChangeValue: event,
        onDidAccept: (listener: () => Promise<void>) => {
          accept = listener;
          return disposable();
        },
        onDidHide: (listener: () => void) => {
          hide = listener;
          return disposable();
        },
        show: () => {
          shown = true;
          answer();
        },
        dispose: () => {
          over = true;
        },
      };
    };
    class EventEmitter {
      private readonly listeners = new Set<(value: unknown) => void>();
      readonly event = (listener: (value: unknown) => void) => {
        this.listeners.add(listener);
        return { dispose: () => this.listeners.delete(listener) };
      };
      fire(value: unknown): void {
        for (const listener of this.listeners) listener(value);
      }
      dispose(): void {
        this.listeners.clear();
      }
    }
    class Thing {
      readonly parts: readonly unknown[];
      constructor(...parts: readonly unknown[]) {
        this.parts = parts;
      }
      appendText(): this {
        return this;
      }
      appendMarkdown(): this {
        return this;
      }
    }
    const page = () => ({
      webview: {
        options: {},
        html: '',
        onDidReceiveMessage: event,
        postMessage: async () => true,
      },
      onDidDispose: event,
      reveal: () => undefined,
      dispose: () => undefined,
    });
    return {
      EventEmitter,
      ThemeIcon: Thing,
      ThemeColor: Thing,
      TreeItem: Thing,
      MarkdownString: Thing,
      Uri: {
        parse: String,
        file: String,
        joinPath: (...parts: readonly unknown[]) => parts.join('/'),
        from: ({ scheme, path }: { scheme: string; path: string }) => `${scheme}:${path}`,
      },
      TreeItemCollapsibleState: { None: 0, Collapsed: 1, Expanded: 2 },
      StatusBarAlignment: { Left: 1 },
      QuickPickItemKind: { Default: 0, Separator: -1 },
      QuickInputButtons: { Back: {} },
      ViewColumn: { Active: -1 },
      ProgressLocation: { Notification: 15 },
      l10n: { bundle: undefined },
      version: '1.101.0',
      env: {
        language: 'en',
        clipboard: { writeText: async (text: string) => void this.clipboard.push(text) },
        openExternal: async () => true,
      },
      workspace: {
        isTrusted: true,
        workspaceFolders: [{ uri: { fsPath: '/home/somebody/project' } }],
        registerTextDocumentContentProvider: disposable,
        openTextDocument: async (options: { content?: string }) => {
          this.documents.push(options.content ?? '');
          return options;
        },
      },
      window: {
        showErrorMessage: show('error'),
        showWarningMessage: show('warning'),
        showInformationMessage: show('information'),
        showQuickPick: async (items: readonly unknown[], options: { canPickMany?: boolean }) => {
          if (this.answers === 'leave') return undefined;
          return options.canPickMany ? items.slice(0, 1) : items[this.chosen];
        },
        showInputBox: async (options: { value?: string }) =>
          this.answers === 'leave' ? undefined : options.value || '12345',
        createQuickPick: box,
        createInputBox: box,
        showTextDocument: async () => undefined,
        showSaveDialog: async () => undefined,
        withProgress: (_options: unknown, work: (...args: readonly unknown[]) => Promise<unknown>) =>
          work(
            { report: () => undefined },
            { isCancellationRequested: false, onCancellationRequested: event },
          ),
        createTreeView: disposable,
        createWebviewPanel: (type: string) => {
          this.panels.push(type);
          return page();
        },
        createStatusBarItem: () => ({ show: () => undefined, dispose: () => undefined }),
        registerWebviewViewProvider: disposable,
        registerWebviewPanelSerializer: disposable,
      },
      commands: {
        registerCommand: (id: string, run: (...args: unknown[]) => Promise<void>) => {
          this.commands.set(id, run);
          return disposable();
        },
        executeCommand: async (...args: readonly unknown[]) => void this.executed.push(args),
      },
    };
  }
}

type Loader = (request: string, ...rest: readonly unknown[]) => unknown;

/** Runs `load` with `vscode` being this editor; what it loads keeps it. */
export function withEditor<T>(editor: FakeEditor, load: (require: NodeJS.Require) => T): T {
  const require = createRequire(__filename);
  const modules = require('node:module') as { _load: Loader };
  const original = modules._load;
  modules._load = (request, ...rest) => (request === 'vscode' ? editor.api : original(request, ...rest));
  try {
    return load(require);
  } finally {
    modules._load = original;
  }
}
