import assert from 'node:assert/strict';
import { localDescriptor } from '../../../src/channels/local/descriptor';
import { LocalHub } from '../../../src/channels/local/hub';
import { LocalTerminal } from '../../../src/host/local-terminal';
import { settle } from '../../helpers/manual-clock';
import { outbound, watchedContext } from './support';

describe('local chat terminal', () => {
  function opened(options: { paired?: boolean; group?: string } = {}) {
    const hub = new LocalHub();
    const watched = watchedContext(localDescriptor, {}, {});
    const adapter = hub.createAdapter(watched.context);
    const terminal = new LocalTerminal(hub, { name: 'terminal', paired: false, ...options });
    let screen = '';
    let closed: number | undefined;
    terminal.onDidWrite((text) => {
      screen += text;
    });
    terminal.onDidClose((code) => {
      closed = code ?? 0;
    });
    terminal.open({ columns: 80, rows: 24 });
    return { hub, adapter, terminal, ...watched, screen: () => screen, closed: () => closed };
  }

  it('greets with what to do first', () => {
    assert.match(
      opened().screen(),
      /You are a remote user here.*\r\n.*“Generate Pairing Code”.*type the code here/,
    );
    assert.match(opened({ paired: true }).screen(), /Type \/help/);
    assert.match(opened({ group: 'team' }).screen(), /group “team”.*\r\n.*@cowork CODE/);
  });

  it('says what is entered and shows the replies as text', async () => {
    const { adapter, terminal, received, screen } = opened();
    await adapter.connect();
    terminal.handleInput('/run npm test\r');
    await settle();
    assert.deepEqual(
      received.map(({ text, sender }) => [sender.id, text]),
      [['terminal', '/run npm test']],
    );
    terminal.handleInput('half-typed');
    await adapter.send(
      outbound({
        channel: 'local',
        conversation: 'dm-terminal',
        text: 'ok\n\u001b]52;c;YQ==\u0007\u001b[2J',
      }),
    );
    assert.ok(screen().includes('CoWork: ok\r\n␛]52;c;YQ==␇␛[2J\r\n> half-typed'));
    assert.ok(!screen().includes('\u001b]52'));
    await adapter.disconnect();
    terminal.handleInput('\u0003/status\r');
    await settle();
    assert.match(screen(), /Not sent: The local channel is off\. Enable “Local chat”/);
  });

  it('shows a block without the lines that fence it, and nothing else less', async () => {
    const { adapter, screen } = opened();
    await adapter.connect();
    const send = (text: string) =>
      adapter.send(outbound({ channel: 'local', conversation: 'dm-terminal', text }));
    await send('Done.\n````\n```\ninner\n````\nend');
    assert.ok(screen().includes('CoWork: Done.\r\n```\r\ninner\r\nend\r\n'));
    await send('```\nnever closed');
    assert.ok(screen().includes('CoWork: ```\r\nnever closed\r\n'));
    await adapter.disconnect();
  });

  it('says several lines in order, and ends on Ctrl+D', async () => {
    const { adapter, terminal, received, closed } = opened();
    await adapter.connect();
    terminal.handleInput('one\rtwo\r\u001b[200~three\nlines\u001b[201~\r');
    await settle();
    assert.deepEqual(
      received.map(({ text }) => text),
      ['one', 'two', 'three\nlines'],
    );
    terminal.handleInput('\u0004');
    assert.equal(closed(), 0);
    terminal.close();
  });
});
