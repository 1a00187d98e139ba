import { generateKeyPairSync } from 'node:crypto';
import DNS from 'dns2';

const { Packet } = DNS;

/** A DNS server on loopback with the records that a test writes into it. All other names do not exist. */
export class Records {
  port = 0;
  /** Names that were asked for, with their type. */
  readonly asked: string[] = [];
  /** Names below these are answered with SERVFAIL. */
  readonly broken = new Set<string>();
  private readonly texts = new Map<string, string>();
  private server: ReturnType<typeof DNS.createServer> | undefined;

  set(name: string, text: string): void {
    this.texts.set(name.toLowerCase(), text);
  }

  remove(name: string): void {
    this.texts.delete(name.toLowerCase());
  }

  async start(): Promise<void> {
    const server = DNS.createServer({
      udp: true,
      handle: (request, send) => {
        const response = Packet.createResponseFromRequest(request);
        const [question] = request.questions;
        const name = (question?.name ?? '').toLowerCase();
        this.asked.push(`${question?.type === Packet.TYPE.TXT ? 'TXT' : question?.type} ${name}`);
        const text = question?.type === Packet.TYPE.TXT ? this.texts.get(name) : undefined;
        if ([...this.broken].some((broken) => name.endsWith(broken))) response.header.rcode = 2;
        else if (text !== undefined) {
          const data = text.match(/.{1,255}/gs) ?? [''];
          response.answers.push({
            name,
            type: Packet.TYPE.TXT,
            class: Packet.CLASS.IN,
            ttl: 60,
            data,
          } as never);
        } else if (!this.texts.has(name)) response.header.rcode = 3;
        send(response);
      },
    });
    this.server = server;
    const addresses = await server.listen({ udp: { port: 0, address: '127.0.0.1' } });
    this.port = addresses.udp?.port ?? 0;
  }

  async stop(): Promise<void> {
    await this.server?.close();
  }

  /** A domain whose server signs its mail, with a policy. @returns the private key. */
  publish(domain: string, more: { dmarc?: string; spf?: string; keyFlags?: string } = {}): string {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const p = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    this.set(`${SELECTOR}._domainkey.${domain}`, `v=DKIM1; k=rsa; ${more.keyFlags ?? ''}p=${p}`);
    this.set(`_dmarc.${domain}`, more.dmarc ?? 'v=DMARC1; p=reject');
    if (more.spf) this.set(domain, more.spf);
    return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  }
}

export const SELECTOR = 'mail';
