import { timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';

export interface Front {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Stands in front of VS Code's server for a person's own browser and adds the one thing that the server leaves to
 * its wrapper: the key that the workbench keeps secrets with (`POST /mint-key`). Everything else goes through.
 * @param token the server's connection token; the key is given only to a browser that has shown it.
 * @param key 32 bytes, the same for the life of the profile.
 */
export async function openFront(upstreamPort: number, token: string, key: Buffer): Promise<Front> {
  const upstream = { host: '127.0.0.1', port: upstreamPort };
  const sockets = new Set<net.Socket>();
  const server = http.createServer((request, response) => {
    if (request.method === 'POST' && request.url?.split('?')[0] === '/mint-key') {
      const known = hasToken(request.headers.cookie, token);
      response.writeHead(known ? 200 : 403).end(known ? key : undefined);
      return;
    }
    const { method, url, headers } = request;
    const onward = http.request({ ...upstream, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.writeHead(502).end('VS Code has ended.'));
    request.pipe(onward);
  });
  server.on('upgrade', (request, socket: net.Socket, head) => {
    const onward = net.connect(upstream, () => {
      const lines = [`${request.method} ${request.url} HTTP/1.1`];
      for (let at = 0; at < request.rawHeaders.length; at += 2) {
        lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
      }
      onward.write(`${lines.join('\r\n')}\r\n\r\n`);
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function hasToken(cookies: string | undefined, token: string): boolean {
  const shown = /(?:^|;\s*)vscode-tkn=([^;]*)/.exec(cookies ?? '')?.[1] ?? '';
  const [a, b] = [Buffer.from(decodeURIComponent(shown)), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
