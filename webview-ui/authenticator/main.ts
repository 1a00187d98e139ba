import {
  type AuthenticatorFromPage,
  type AuthenticatorToPage,
  authenticatorToPage,
  CODE_LIMIT,
} from '../../src/views/protocol/authenticator';
import { t } from '../../src/views/protocol/l10n';
import { Announcer, button, textInput } from '../components';
import { byId, clear, el, fill, untrusted } from '../dom';
import { Host, useLocale } from '../host';
import { icon } from '../icons';
import { qrCode } from '../qr';
import '../base.css';
import './style.css';

type State = Extract<AuthenticatorToPage, { type: 'state' }>;

/** Letters of the key that stand together, as apps show them. */
const GROUP = /.{1,4}/g;

/** The page on which an authenticator app is set up. It keeps nothing: shown again, it asks the extension. */
class AuthenticatorScreen {
  private readonly root = byId('root');
  private readonly host = new Host<AuthenticatorToPage, AuthenticatorFromPage>(
    authenticatorToPage,
    (message) => this.receive(message),
  );
  private readonly announcer = new Announcer(document.body);
  private readonly error = el('p', { class: 'error', role: 'alert', id: 'error' });
  private code = '';
  private requests = 0;

  constructor() {
    this.host.post({ type: 'ready' });
  }

  private receive(message: AuthenticatorToPage): void {
    if (message.type === 'result') {
      clear(this.error);
      if (!message.ok) this.error.append(untrusted(message.message));
      return;
    }
    useLocale(message.locale);
    this.draw(message);
  }

  private draw(state: State): void {
    clear(this.root);
    this.root.append(
      el('h1', {}, fill('Authenticator for {0}', untrusted(state.holder))),
      el('p', { class: 'quiet' }, untrusted(state.purpose)),
    );
    if (state.setup === undefined) this.drawEnd();
    else this.drawSetup(state.setup);
  }

  private drawSetup({ uri, secret }: { readonly uri: string; readonly secret: string }): void {
    const { element, input } = textInput({
      label: t('The code that the app shows'),
      placeholder: '123456',
      value: '',
      describedBy: 'error',
      onInput: (value) => {
        this.code = value;
      },
    });
    input.inputMode = 'numeric';
    input.maxLength = CODE_LIMIT;
    input.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.confirm();
    });
    const groups = secret.match(GROUP) ?? [];
    this.root.append(
      el('h2', {}, t('1. Scan this with the authenticator app')),
      qrCode(uri, t('A QR code of the key below')),
      el('p', {}, t('Or type this key into the app (time-based, 6 digits):')),
      el('p', {}, el('code', { class: 'key', dir: 'ltr' }, groups.join(' '))),
      el('h2', {}, t('2. Enter the code that the app shows')),
      el(
        'div',
        { class: 'actions' },
        element,
        button({ label: t('Confirm'), look: 'primary', onPress: () => this.confirm() }).element,
      ),
      this.error,
      el(
        'p',
        { class: 'hint' },
        icon('shield'),
        el(
          'span',
          {},
          t('Nothing is kept until the code is right. The picture is drawn here; the key is sent nowhere.'),
        ),
      ),
    );
    input.focus();
  }

  private drawEnd(): void {
    const done = t('The authenticator is set up.');
    this.root.append(
      el('p', { class: 'end' }, icon('check'), el('span', {}, done)),
      button({ label: t('Close'), look: 'primary', onPress: () => this.host.post({ type: 'close' }) })
        .element,
    );
    this.announcer.say(done);
  }

  private confirm(): void {
    this.error.textContent = '';
    this.requests += 1;
    this.host.post({ type: 'confirm', requestId: this.requests, code: this.code });
  }
}

new AuthenticatorScreen();
