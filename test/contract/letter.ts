import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';

/** A request as its bytes go over the line. */
export interface Letter {
  readonly method: string;
  /** The address of the door, or another one on the same server. */
  readonly url: string;
  /** In their order; a name may come twice. `Host`, `Content-Length` and `Connection` are added unless they are there. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends it and reads until the server closes. @throws Error when no answer of HTTP comes. */
export function post({ method, url, headers, body }: Letter): Promise<Reply> {
  const { port, pathname, search } = new URL(url);
  const names = new Set(headers.map(([name]) => name.toLowerCase()));
  const chunked = names.has('transfer-encoding');
  const lines = [
    `${method} ${pathname}${search} HTTP/1.1`,
    ...(names.has('host') ? [] : ['Host: 127.0.0.1']),
    'Connection: close',
    ...(chunked || names.has('content-length') || body.length === 0
      ? []
      : [`Content-Length: ${body.length}`]),
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  const payload = chunked
    ? Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')])
    : body;
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), payload]));
    });
    socket.setTimeout(10_000, () => socket.destroy());
    socket.on('data', (part) => parts.push(part));
    // A server that has refused a request does not read the rest of it.
    socket.on('error', () => {});
    socket.on('close', () => {
      const reply = readReply(Buffer.concat(parts).toString('latin1'));
      if (reply) resolve(reply);
      else reject(new Error('no answer'));
    });
  });
}

function readReply(text: string): Reply | undefined {
  const end = text.indexOf('\r\n\r\n');
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(text) ?? [];
  if (end < 0 || status === undefined) return undefined;
  const headers = text
    .slice(0, end)
    .split('\r\n')
    .slice(1)
    .map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    });
  return { status: Number(status), headers: Object.fromEntries(headers), body: text.slice(end + 4) };
}

/** Another value of the header, or none when `value` is undefined; added when it is not there. */
export function withHeader(letter: Letter, name: string, value: string | undefined): Letter {
  const others = letter.headers.filter(([other]) => other.toLowerCase() !== name.toLowerCase());
  return { ...letter, headers: value === undefined ? others : [...others, [name, value]] };
}

export function headerOf(letter: Letter, name: string): string {
  return letter.headers.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1] ?? '';
}

/** A keyed hash by OpenSSL, which knows nothing of the code under test. */
export function opensslHmac(secret: string, data: Uint8Array, digest = 'sha256'): Buffer {
  return execFileSync(
    'openssl',
    [
      'dgst',
      `-${digest}`,
      '-mac',
      'HMAC',
      '-macopt',
      `hexkey:${Buffer.from(secret).toString('hex')}`,
      '-binary',
    ],
    { input: data },
  );
}
