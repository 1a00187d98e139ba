import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Destination } from '../model/egress';
import { shownDestination } from './destination';

/** The proxy that a destination is reached through; undefined: none. */
export type Upstream = (destination: Destination) => URL | undefined;

/** Milliseconds that a proxy may take to open a tunnel. */
const TUNNEL_TIMEOUT_MS = 30_000;

/**
 * By the variables that curl and others go by: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, in lower case too. A value
 * that is no address of a proxy counts as none.
 */
export function upstreamFromEnvironment(env: Readonly<Record<string, string | undefined>>): Upstream {
  const value = (name: string) => env[name.toLowerCase()] ?? env[name];
  const proxies = { secure: proxyUrl(value('HTTPS_PROXY')), plain: proxyUrl(value('HTTP_PROXY')) };
  const direct = (value('NO_PROXY') ?? '').split(/[\s,]+/).filter((entry) => entry !== '');
  return (destination) => {
    const proxy = destination.secure ? proxies.secure : proxies.plain;
    return proxy && !isLoopbackName(destination.host) && !direct.some((entry) => excepted(entry, destination))
      ? proxy
      : undefined;
  };
}

/** What `http.proxy` of VS Code says, for connections that VS Code's own patches do not reach. */
export function proxyUrl(text: string | undefined): URL | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    const url = new URL(text.includes('://') ? text : `http://${text}`);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
  } catch {
    return undefined;
  }
}

/** Asks a proxy for a connection to a destination. @throws Error with what the proxy said. */
export function openTunnel(proxy: URL, destination: Destination, signal?: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const target = shownDestination(destination);
    const request = (proxy.protocol === 'https:' ? httpsRequest : httpRequest)({
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port === '' ? (proxy.protocol === 'https:' ? 443 : 80) : Number(proxy.port),
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...authorization(proxy) },
      agent: false,
      timeout: TUNNEL_TIMEOUT_MS,
      ...(signal ? { signal } : {}),
    });
    request.once('connect', (response, socket, head) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        reject(new Error(`The proxy ${proxy.host} refused ${target} with status ${response.statusCode}.`));
        return;
      }
      socket.setTimeout(0);
      if (head.length > 0) socket.unshift(head);
      resolve(socket as Socket);
    });
    request.once('response', (response) => {
      response.resume();
      reject(new Error(`The proxy ${proxy.host} does not open tunnels.`));
    });
    request.once('timeout', () => request.destroy(new Error(`The proxy ${proxy.host} does not answer.`)));
    request.once('error', reject);
    request.end();
  });
}

function authorization(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {};
  const name = decodeURIComponent(proxy.username);
  const text = `${name}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(text, 'utf8').toString('base64')}` };
}

function isLoopbackName(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

function excepted(entry: string, { host, port }: Destination): boolean {
  if (entry === '*') return true;
  const [, name = '', at] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
  if (at !== undefined && Number(at) !== port) return false;
  const bare = name.replace(/^\*?\./, '');
  return host === bare || host.endsWith(`.${bare}`);
}
