// A whole session with Telegram in a process of its own, for a watcher of its system calls.
// argv: folder, address of the Bot API, port of a page that commands may read, `rogue` to open a socket past the gate.
// Prints a pairing code, approves whatever is asked, and ends when its standard input does.
import { connect } from 'node:net';
import { TestSession } from '../helpers/session';

async function main(folder: string, apiRoot: string, page: string, rogue: string | undefined): Promise<void> {
  const tested = await TestSession.start({
    folder,
    channels: { telegram: { apiRoot } },
    sandbox: 'auto',
    allowedHosts: [`localhost:${page}`],
    policy: { capabilities: { network: 'ask' } },
  });
  const { channels } = tested.session;
  await channels.credentials.store('telegram', { botToken: '666000:test-token-of-nobody_in-particular0' });
  await channels.enable('telegram');
  await tested.until(() => channels.list().find(({ id }) => id === 'telegram')?.state === 'online');
  const { code } = await tested.engine.pairing.issue({ channel: 'telegram', context: 'dm' });
  console.log(JSON.stringify({ code, sandbox: tested.engine.status().sandbox.label }));
  const answer = () => {
    for (const { id, bindingHash } of tested.engine.approvals.pending()) {
      // Answered twice, the second is refused; nothing else is expected to go wrong here.
      tested.engine.approvals.approve(id, bindingHash).catch(() => {});
    }
  };
  setInterval(answer, 50).unref();
  if (rogue) connect({ host: '127.0.0.1', port: 9 }).on('error', () => {});
  process.stdin.resume();
  process.stdin.once('end', () => void tested.close().then(() => process.exit(0)));
}

const [folder = '', apiRoot = '', page = '', rogue] = process.argv.slice(2);
void main(folder, apiRoot, page, rogue);
