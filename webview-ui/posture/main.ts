import { t } from '../../src/views/protocol/l10n';
import {
  type PagePoint,
  type PostureFromPage,
  type PostureToPage,
  postureToPage,
} from '../../src/views/protocol/posture';
import { button } from '../components';
import { byId, clear, el, untrusted } from '../dom';
import { Host, useLocale } from '../host';
import '../base.css';
import './style.css';
import { scoreChart } from './chart';

/** The score of now, what it is made of, and how it went. It keeps nothing. */
class PosturePage {
  private readonly root = byId('root');
  private readonly host = new Host<PostureToPage, PostureFromPage>(postureToPage, (message) =>
    this.draw(message),
  );

  constructor() {
    this.host.post({ type: 'ready' });
  }

  private draw(state: PostureToPage): void {
    if (state.locale !== undefined) useLocale(state.locale);
    clear(this.root);
    this.root.append(el('h1', {}, t('Security score')));
    if (state.engine.kind !== 'ready' && state.engine.kind !== 'paused') {
      this.root.append(el('p', { class: 'quiet' }, untrusted(state.engine.detail)));
      return;
    }
    const grade = state.score >= 90 ? 'good' : state.score >= 60 ? 'warn' : 'bad';
    this.root.append(
      el(
        'p',
        { class: `score ${grade}` },
        el('strong', {}, String(state.score)),
        ' ',
        el('span', {}, t('of 100 · profile {0}', state.profile)),
      ),
      counts(state),
      el(
        'p',
        { class: 'quiet' },
        t('Accepting a risk does not raise the score: {0} of what is counted was accepted.', state.accepted),
      ),
      scoreChart(withNow(state)),
      button({
        label: t('Open the Checklist'),
        look: 'secondary',
        onPress: () => this.host.post({ type: 'checklist' }),
      }).element,
    );
  }
}

function counts({ names, open }: PostureToPage): HTMLElement {
  const list = el('ul', { class: 'counts' });
  names.forEach((name, index) => {
    list.append(
      el('li', { class: `severity-${index}` }, el('strong', {}, String(open[index] ?? 0)), ' ', name),
    );
  });
  return list;
}

/** The line ends today, also when the score has been the same for days. */
function withNow({ history, score, open, accepted }: PostureToPage): readonly PagePoint[] {
  const now = Date.now();
  const last = history.at(-1);
  return last !== undefined && now - last.at < 3_600_000
    ? history
    : [...history, { at: now, score, open, accepted }];
}

new PosturePage();
