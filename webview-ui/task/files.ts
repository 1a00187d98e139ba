import { t } from '../../src/views/protocol/l10n';
import { flat } from '../../src/views/protocol/marks';
import type { TaskFile } from '../../src/views/protocol/task';
import { type Button, badge, button } from '../components';
import { clear, el, fill, untrusted } from '../dom';

interface FilesEvents {
  onCompare(file: string): void;
  onRestore(file: string): void;
  onUndoRestore(file: string): void;
  onRestoreAll(): void;
}

/** The files that the task's tools changed, each with its diff and the way back. */
export class ChangedFiles {
  readonly element = el('section', { class: 'files' });
  private buttons: Button[] = [];
  private drawn = '';

  constructor(private readonly events: FilesEvents) {
    this.element.hidden = true;
  }

  show(files: readonly TaskFile[]): void {
    const now = JSON.stringify(files);
    if (now === this.drawn) return;
    this.drawn = now;
    const focused = document.activeElement?.getAttribute('aria-label');
    clear(this.element);
    this.buttons = [];
    this.element.hidden = files.length === 0;
    if (files.length === 0) return;
    const changed = files.filter(({ state }) => state === 'changed').length;
    const list = el('ul', { class: 'file-list' });
    for (const file of files) list.append(this.row(file));
    this.element.setAttribute('aria-label', t('Files changed'));
    this.element.append(
      el(
        'div',
        { class: 'files-head' },
        el('h2', {}, t('Files changed')),
        changed > 1 && this.add(t('Restore All…'), t('Restore All…'), () => this.events.onRestoreAll()),
      ),
      list,
      el(
        'p',
        { class: 'quiet' },
        t('What commands change by themselves is not listed. Copies are kept for 30 days.'),
      ),
    );
    if (focused != null) {
      for (const item of this.element.querySelectorAll<HTMLElement>('vscode-button')) {
        if (item.getAttribute('aria-label') === focused) item.focus();
      }
    }
  }

  enable(on: boolean): void {
    for (const item of this.buttons) item.enable(on);
  }

  private row(file: TaskFile): HTMLElement {
    const { id, name, movedTo, state } = file;
    const label = flat(name);
    const actions = el('span', { class: 'actions' });
    if (file.canCompare) {
      actions.append(this.add(t('Changes'), t('Changes in {0}', label), () => this.events.onCompare(id)));
    }
    if (state === 'changed') {
      actions.append(this.add(t('Restore…'), t('Restore… {0}', label), () => this.events.onRestore(id)));
    }
    if (file.canUndo) {
      const undo = t('Undo Restore…');
      actions.append(this.add(undo, `${undo} ${label}`, () => this.events.onUndoRestore(id)));
    }
    const where =
      movedTo === undefined
        ? untrusted(name)
        : el('span', {}, fill('{0} → {1}', untrusted(name), untrusted(movedTo)));
    where.classList.add('file-name');
    const what = state === 'restored' ? t('restored') : kindWord(file.kind);
    return el('li', { class: `file ${state}` }, badge(what), where, actions);
  }

  private add(label: string, name: string, onPress: () => void): HTMLElement {
    const made = button({ label, name, onPress });
    this.buttons.push(made);
    return made.element;
  }
}

function kindWord(kind: TaskFile['kind']): string {
  switch (kind) {
    case 'created':
      return t('new');
    case 'modified':
      return t('changed');
    case 'deleted':
      return t('deleted');
    case 'moved':
      return t('moved');
  }
}
