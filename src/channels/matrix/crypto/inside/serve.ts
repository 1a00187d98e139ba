import { ChannelError } from '../../../contract';
import { Exchange, ownCopy, type Post } from '../exchange';
import { type Call, callSchema, type Service } from '../protocol';
import { CryptoMachine } from './machine';

/** Answers what the channel asks: the thread's side of the protocol. @returns what takes its messages */
export function serveCrypto(post: Post): (message: unknown) => void {
  const side = new ThreadSide(post);
  return (message) => side.receive(message);
}

class ThreadSide {
  private machine: CryptoMachine | undefined;
  private readonly exchange: Exchange<Service, Call>;

  constructor(post: Post) {
    this.exchange = new Exchange<Service, Call>(post, callSchema, (what) => this.answer(what));
  }

  receive(message: unknown): void {
    this.exchange.receive(message);
  }

  private async answer(what: Call): Promise<unknown> {
    if (what.call === 'open') {
      if (this.machine) throw new RangeError('open already');
      this.machine = await this.open(what.user, what.device);
      return { key: this.machine.key };
    }
    const { machine } = this;
    if (what.call === 'close') return machine?.close();
    if (!machine) throw new ChannelError('temporary', 'The encryption of Matrix is not open.');
    switch (what.call) {
      case 'receive':
        return machine.receive(what);
      case 'decrypt':
        return machine.decrypt(what);
      case 'encrypt':
        return machine.encrypt(what);
    }
  }

  private open(user: string, device: string): Promise<CryptoMachine> {
    return CryptoMachine.open(user, device, {
      store: { load: (name) => this.load(name), save: (name, bytes) => this.save(name, bytes) },
      keys: (about, body) => this.text({ service: 'keys', about, body }),
      letter: (type, transaction, body) => this.text({ service: 'letter', type, transaction, body }),
    });
  }

  private async load(name: string): Promise<Uint8Array | undefined> {
    const bytes = await this.exchange.ask({ service: 'load', name });
    if (bytes === undefined || bytes instanceof Uint8Array) return bytes;
    throw new TypeError('no bytes');
  }

  private async save(name: string, from: Uint8Array): Promise<void> {
    const bytes = ownCopy(from);
    await this.exchange.ask({ service: 'save', name, bytes }, [bytes.buffer]);
  }

  private async text(what: Service): Promise<string> {
    const answer = await this.exchange.ask(what);
    if (typeof answer === 'string') return answer;
    throw new TypeError('no text');
  }
}
