import type { AuditRow, Proof } from '../../src/views/protocol/audit';
import { t } from '../../src/views/protocol/l10n';
import { busy, button } from '../components';
import { append, clear, el, markedNodes } from '../dom';
import { moment } from '../time';

interface DetailEvents {
  onRecord(seq: number): void;
  onProof(seq: number): void;
  onReceipt(seq: number): void;
  onCopy(seq: number): void;
  onExplain(seq: number): void;
  onOpenTask(taskId: string): void;
  onOnly(term: string): void;
  onClose(): void;
}

/** One record in full, what can be done with it, and the proof that it stands in the journal. */
export class DetailPane {
  readonly element = el('section', { class: 'detail' });
  private readonly raw = el('pre', { class: 'raw', dir: 'ltr', tabindex: '0', role: 'group' });
  private readonly proof = el('div', { class: 'proof-body' });
  private readonly proofBox: HTMLDetailsElement;
  private row: AuditRow | undefined;

  constructor(private readonly events: DetailEvents) {
    this.element.hidden = true;
    this.element.setAttribute('aria-label', t('Details of the record'));
    this.raw.setAttribute('aria-label', t('The record as it is stored'));
    this.proofBox = el('details', { class: 'proof' }, el('summary', {}, t('Proof of inclusion')), this.proof);
    this.proofBox.addEventListener('toggle', () => this.askProof());
  }

  get seq(): number | undefined {
    return this.row?.seq;
  }

  focus(): void {
    this.raw.focus();
  }

  show(row: AuditRow): void {
    if (row.seq === this.row?.seq) return;
    this.row = row;
    this.element.hidden = false;
    clear(this.element);
    clear(this.raw);
    this.raw.append(t('Loading…'));
    const close = button({
      label: t('Close the details'),
      look: 'icon',
      icon: 'cross',
      onPress: () => this.events.onClose(),
    });
    const head = el('div', { class: 'detail-head' }, el('h2', {}, t('Record {0}', row.seq)), close.element);
    this.element.append(head, this.actions(row), this.raw, this.proofBox);
    this.events.onRecord(row.seq);
    this.askProof();
  }

  record(seq: number, text: string | undefined): void {
    if (seq !== this.row?.seq) return;
    clear(this.raw);
    append(this.raw, text === undefined ? [t('This record is not kept any more.')] : markedNodes(text));
  }

  showProof(seq: number, proof: Proof | undefined, message: string): void {
    if (seq !== this.row?.seq) return;
    clear(this.proof);
    if (proof === undefined) {
      this.proof.append(el('p', {}, ...markedNodes(message)));
      return;
    }
    const { head, path } = proof;
    const list = el('dl', { class: 'facts' });
    const fact = (name: string, value: string) =>
      list.append(el('dt', {}, name), el('dd', {}, el('code', { dir: 'ltr' }, value)));
    fact(t('Records under the head'), String(head.seq));
    fact(t('Signed'), moment(head.at));
    fact(t('Root'), head.root);
    fact(t('Key'), head.key);
    const steps = el('ol', { class: 'path', dir: 'ltr' });
    for (const hash of path) steps.append(el('li', {}, el('code', {}, hash)));
    this.proof.append(
      el(
        'p',
        { class: 'quiet' },
        t('The hashes on the way from this record to the root that the head signs.'),
      ),
      list,
      path.length === 0 ? el('p', {}, t('It is the only record: its hash is the root.')) : steps,
    );
  }

  close(): void {
    this.row = undefined;
    this.element.hidden = true;
  }

  private askProof(): void {
    if (!this.proofBox.open || this.row === undefined) return;
    clear(this.proof);
    this.proof.append(busy(t('Reading the proof…')));
    this.events.onProof(this.row.seq);
  }

  private actions({ seq, type, taskId }: AuditRow): HTMLElement {
    const { events } = this;
    const actions = el('div', { class: 'actions' });
    const add = (label: string, name: string, onPress: () => void) =>
      actions.append(button({ label, name, onPress }).element);
    add(t('Copy'), t('Copy the record'), () => events.onCopy(seq));
    if (type === 'decision.made') add(t('Explain'), t('Explain'), () => events.onExplain(seq));
    if (taskId !== undefined) {
      add(t('Open task'), t('Open task'), () => events.onOpenTask(taskId));
      add(t('Only this task'), t('Only this task'), () => events.onOnly(taskId));
    }
    add(t('Receipt…'), t('Receipt… for record {0}', seq), () => events.onReceipt(seq));
    return actions;
  }
}
