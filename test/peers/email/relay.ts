import { connect, createServer, type Server, type Socket } from 'node:net';

/** A wire between a client and a server of mail, which can be cut, held and dirtied. */
export class Relay {
  port = 0;
  /** Connections so far, and bytes to clients. */
  count = 0;
  bytes = 0;
  private server: Server | undefined;
  private readonly pairs = new Set<{ readonly client: Socket; readonly target: Socket }>();
  private down = false;

  constructor(private target: number) {}

  async start(): Promise<void> {
    const server = createServer((client) => this.take(client));
    this.server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (address && typeof address === 'object') this.port = address.port;
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => (this.server ? this.server.close(() => resolve()) : resolve()));
  }

  pointTo(target: number): void {
    this.target = target;
  }

  /** Ends every connection. */
  cut(): void {
    for (const { client, target } of this.pairs) {
      client.destroy();
      target.destroy();
    }
  }

  /** Ends every connection and takes no more until `heal`. */
  refuse(): void {
    this.down = true;
    this.cut();
  }

  /** The connections that are open stay open, and nothing comes through them any more. New ones are good. */
  hold(): void {
    for (const { client, target } of this.pairs) {
      client.unpipe(target);
      target.unpipe(client);
      client.pause();
      target.pause();
    }
  }

  /** Says something to the clients that is not of the protocol. */
  dirty(): void {
    for (const { client } of this.pairs) client.write('\x00\x01\xff what is this? {99999999}\r\n* BAD\r\n');
  }

  heal(): void {
    this.down = false;
  }

  private take(client: Socket): void {
    this.count += 1;
    client.on('error', () => undefined);
    if (this.down) {
      client.destroy();
      return;
    }
    const target = connect(this.target, '127.0.0.1');
    target.on('error', () => client.destroy());
    const pair = { client, target };
    this.pairs.add(pair);
    target.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
    });
    client.pipe(target).pipe(client);
    const end = () => {
      this.pairs.delete(pair);
      client.destroy();
      target.destroy();
    };
    client.on('close', end);
    target.on('close', end);
  }
}
