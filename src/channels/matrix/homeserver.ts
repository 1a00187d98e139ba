import { randomBytes } from 'node:crypto';
import type { Facts } from '../../engine/model/facts';
import { ChannelError } from '../contract';
import type { MatrixClient } from './client';
import { refusalAnswer, versionsAnswer } from './wire';

export interface Homeserver {
  readonly facts: Facts;
  /** Files are handed out to who shows a token: Matrix 1.11. */
  readonly authenticatedMedia: boolean;
}

/**
 * What a homeserver says of itself to anybody: which versions of Matrix it speaks, whether it talks to other
 * homeservers, and whether strangers may make accounts. What it does not say is `unknown`. @throws ChannelError
 */
export async function askHomeserver(client: MatrixClient, signal: AbortSignal): Promise<Homeserver> {
  const { versions } = await client.read(versionsAnswer, 'GET', 'client/versions', { signal });
  const newest = versions.flatMap(numbered).sort(byNumber).at(-1);
  return {
    facts: {
      matrixVersion: newest ? `${newest[0]}.${newest[1]}` : 'unknown',
      federation: await federation(client, signal),
      registration: await registration(client, signal),
    },
    authenticatedMedia: newest !== undefined && byNumber(newest, [1, 11]) >= 0,
  };
}

type Version = readonly [number, number];

function numbered(text: string): Version[] {
  const parts = /^v(\d{1,3})\.(\d{1,3})$/.exec(text);
  return parts ? [[Number(parts[1]), Number(parts[2])]] : [];
}

function byNumber(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1];
}

/** https://spec.matrix.org/v1.11/server-server-api/#get_matrixfederationv1version, where it is on the same address. */
async function federation(client: MatrixClient, signal: AbortSignal): Promise<string> {
  const response = await asked(client, '/_matrix/federation/v1/version', signal);
  return response?.ok ? 'open' : 'unknown';
}

/**
 * Asks whether a name that nobody has is free, which a homeserver with registration switched off refuses to say.
 * https://spec.matrix.org/v1.11/client-server-api/#get_matrixclientv3registeravailable
 */
async function registration(client: MatrixClient, signal: AbortSignal): Promise<string> {
  const name = `free-${randomBytes(8).toString('hex')}`;
  const response = await asked(client, `/_matrix/client/v3/register/available?username=${name}`, signal);
  if (response?.ok) return 'open';
  if (response?.status !== 403) return 'unknown';
  const { errcode } = refusalAnswer.parse(await response.json().catch(() => undefined));
  return errcode === 'M_FORBIDDEN' ? 'closed' : 'unknown';
}

async function asked(client: MatrixClient, path: string, signal: AbortSignal): Promise<Response | undefined> {
  try {
    return await client.ask(path, signal);
  } catch (error) {
    if (error instanceof ChannelError && error.kind === 'fatal') throw error;
    return undefined;
  }
}
