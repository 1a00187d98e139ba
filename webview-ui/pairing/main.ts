import { t } from '../../src/views/protocol/l10n';
import { flat } from '../../src/views/protocol/marks';
import { type PairingFromPage, type PairingToPage, pairingToPage } from '../../src/views/protocol/pairing';
import { Announcer, type Button, button } from '../components';
import { append, byId, clear, el, fill, untrusted } from '../dom';
import { Host, useLocale } from '../host';
import { icon } from '../icons';
import { qrCode } from '../qr';
import { moment } from '../time';
import '../base.css';
import './style.css';

type State = Extract<PairingToPage, { type: 'state' }>;
type Action = Exclude<PairingFromPage['type'], 'ready'>;

const TICK_MS = 500;
/** When the time that is left is said aloud, in seconds: often enough to act, seldom enough not to disturb. */
const SPOKEN_AT = [120, 60, 30, 10];

/** The page of one pairing code. It keeps nothing: when it is shown again it asks the extension. */
class PairingScreen {
  private readonly root = byId('root');
  private readonly host = new Host<PairingToPage, PairingFromPage>(pairingToPage, (message) =>
    this.receive(message),
  );
  private readonly announcer = new Announcer(document.body);
  private readonly error = el('p', { class: 'error', role: 'alert' });
  private readonly timer = el('p', { class: 'timer', role: 'timer' });
  private readonly bar = el('div', { class: 'bar-fill' });
  private readonly tries = el('section', { class: 'tries' });
  private readonly top = el('section', { class: 'top' });
  private state: State | undefined;
  private firstSeenAt = 0;
  private clockOffset = 0;
  private requests = 0;
  private spoken = Number.POSITIVE_INFINITY;

  constructor() {
    this.root.append(this.top, this.error, this.tries);
    setInterval(() => this.tick(), TICK_MS);
    this.host.post({ type: 'ready' });
  }

  private receive(message: PairingToPage): void {
    if (message.type === 'result') {
      this.error.textContent = message.ok ? '' : message.message;
      return;
    }
    useLocale(message.locale);
    const before = this.state;
    this.clockOffset = message.now - Date.now();
    this.state = message;
    if (
      before?.code !== message.code ||
      before?.expiresAt !== message.expiresAt ||
      before?.phase !== message.phase
    ) {
      this.firstSeenAt = message.now;
      this.drawTop(message);
    }
    this.drawTries(message, before);
    this.tick();
  }

  private drawTop(state: State): void {
    const focusedLabel = document.activeElement?.getAttribute('aria-label');
    clear(this.top);
    this.top.append(el('h1', {}, t('Pairing code for {0}', state.channel)));
    this.top.append(
      el('p', { class: 'quiet' }, t('{0}; whoever uses it becomes {1}', state.context, state.role)),
    );
    if (state.expected !== undefined) {
      this.top.append(
        el('p', {}, fill('Only the person with the id {0} can use it.', untrusted(state.expected))),
      );
    }
    if (state.code === undefined) this.drawEnd(state);
    else this.drawCode(state, state.code);
    if (focusedLabel != null) {
      for (const item of this.top.querySelectorAll<HTMLElement>('vscode-button')) {
        if (item.getAttribute('aria-label') === focusedLabel) item.focus();
      }
    }
  }

  private drawCode(state: State, code: string): void {
    const letters = el('p', {
      class: 'code',
      dir: 'ltr',
      role: 'img',
      'aria-label': t('The code: {0}', [...code].join(' ')),
    });
    for (const letter of code) letters.append(el('span', { 'aria-hidden': 'true' }, letter));
    this.top.append(
      letters,
      this.timer,
      el('div', { class: 'bar', 'aria-hidden': 'true' }, this.bar),
      el('p', {}, state.how),
      el(
        'p',
        { class: 'hint' },
        icon('shield'),
        el('span', {}, t('The code is shown in the editor only. The bot never sends it. It works once.')),
      ),
      row([
        this.press('copy', t('Copy'), 'primary', () =>
          this.announcer.say(t('The code is in the clipboard.')),
        ),
        this.press('openChat', t('Open Local Chat'), 'secondary', undefined, state.local),
        this.press('extend', t('Extend by 5 minutes')),
        this.press('rotate', t('New code')),
        this.press('cancel', t('Cancel code')),
      ]),
    );
    if (state.link === undefined) return;
    this.top.append(
      el('h2', {}, t('Or let them open this link')),
      qrCode(state.link, t('A QR code of the link below')),
      el('p', {}, el('code', { class: 'link', dir: 'ltr' }, state.link)),
      row([this.press('copyLink', t('Copy link'))]),
    );
  }

  private drawEnd(state: State): void {
    const used = state.phase === 'used';
    this.top.append(
      el(
        'p',
        { class: used ? 'end good' : 'end' },
        icon(used ? 'check' : 'info'),
        el('span', {}, untrusted(state.outcome)),
      ),
      row([this.press('close', t('Close'), 'primary')]),
    );
    this.announcer.say(flat(state.outcome));
  }

  private press(
    type: Action,
    label: string,
    look: 'primary' | 'secondary' = 'secondary',
    then?: () => void,
    show = true,
  ): Button | undefined {
    if (!show) return undefined;
    return button({
      label,
      look,
      onPress: () => {
        this.requests += 1;
        this.host.post({ type, requestId: this.requests });
        then?.();
      },
    });
  }

  private drawTries(state: State, before: State | undefined): void {
    if (
      before !== undefined &&
      state.triedBy === before.triedBy &&
      state.tries.length === before.tries.length &&
      state.tries[0]?.at === before.tries[0]?.at
    ) {
      return;
    }
    clear(this.tries);
    if (state.tries.length === 0) return;
    const list = el('ul', {});
    for (const tried of state.tries) {
      list.append(
        el(
          'li',
          {},
          icon('warning'),
          el(
            'span',
            {},
            fill(
              '{0} (id {1}) sent a wrong code at {2}; {3} tries are left for them',
              untrusted(tried.displayName),
              untrusted(tried.sender),
              moment(tried.at),
              String(tried.triesLeft),
            ),
          ),
        ),
      );
    }
    this.tries.append(el('h2', {}, t('Wrong tries')));
    if (state.triedBy > 1) {
      const text = t(
        '{0} different people sent wrong codes. If you showed it to one person only, make a new code and show it to them alone.',
        state.triedBy,
      );
      this.tries.append(el('p', { class: 'warning' }, icon('warning'), el('span', {}, text)));
    }
    this.tries.append(list);
    if (before !== undefined) this.announcer.alert(t('Somebody sent a wrong code.'));
  }

  private tick(): void {
    const { state } = this;
    if (state === undefined || state.phase !== 'live') return;
    const now = Date.now() + this.clockOffset;
    const left = Math.max(0, state.expiresAt - now);
    const seconds = Math.ceil(left / 1000);
    const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    this.timer.textContent = left === 0 ? t('Expired') : t('{0} left', clock);
    this.bar.style.width = `${Math.min(100, (100 * left) / Math.max(1, state.expiresAt - this.firstSeenAt))}%`;
    const due = SPOKEN_AT.find((at) => seconds <= at && this.spoken > at);
    if (due === undefined) return;
    this.spoken = due;
    this.announcer.say(t('{0} seconds left', seconds));
  }
}

function row(buttons: readonly (Button | undefined)[]): HTMLElement {
  const element = el('div', { class: 'actions' });
  append(
    element,
    buttons.map((item) => item?.element),
  );
  return element;
}

new PairingScreen();
