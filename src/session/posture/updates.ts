import { createPublicKey, verify } from 'node:crypto';
import * as z from 'zod';
import { canonicalJson } from '../../engine/journal';
import type { EgressPort } from '../../engine/model/egress';
import type { UpdateStatus } from '../../engine/model/posture';

const PRODUCT = 'cowork-os.cowork-os';
const MARKETPLACE =
  'https://marketplace.visualstudio.com/_apis/public/gallery/extensionquery?api-version=7.2-preview.1';
/** Versions, files, only validated, only the latest: ExtensionQueryFlags of the gallery. */
const FLAGS = 0x1 | 0x2 | 0x20 | 0x200;
/** By extension name: ExtensionQueryFilterType of the gallery. */
const BY_NAME = 7;
const TIMEOUT_MS = 15_000;
/** An answer is a few kilobytes. Bytes. */
const ANSWER_MOST = 256 * 1024;

const version = z
  .string()
  .regex(/^\d{1,9}\.\d{1,9}\.\d{1,9}(-[0-9A-Za-z.-]{1,40})?(\+[0-9A-Za-z.-]{1,40})?$/);

const marketplaceAnswer = z.object({
  results: z
    .array(
      z.object({
        extensions: z.array(
          z.object({
            versions: z.array(
              z.object({ version, files: z.array(z.object({ assetType: z.string() })).optional() }),
            ),
          }),
        ),
      }),
    )
    .min(1),
});

const privateAnswer = z.object({
  package: z.looseObject({ name: z.string(), version }),
  /** Ed25519 over the canonical JSON of `package`, in base64. */
  signature: z.string().max(200).optional(),
});

export interface UpdateCheck {
  readonly installed: string;
  /** Where private builds are announced; empty for the marketplace. From user scope. */
  readonly url: string;
  /** Ed25519, SPKI in base64, by which announcements must be signed; empty when none is demanded. */
  readonly publicKey: string;
  /** The only way out; undefined while there is none. */
  readonly egress: EgressPort | undefined;
}

/** OPS-4. Asks for the newest version. Installs nothing and never rejects: an answer that is not had is `unknown`. */
export async function checkForUpdates(check: UpdateCheck): Promise<UpdateStatus> {
  const source = check.url === '' ? 'the marketplace' : hostOf(check.url);
  const base = { source, installed: check.installed };
  try {
    const { latest, signature } = check.url === '' ? await askMarketplace(check) : await askPrivate(check);
    const newer = compareVersions(latest, check.installed) > 0;
    return {
      ...base,
      status: newer ? 'newer' : 'current',
      latest,
      signature,
      detail: newer
        ? `Version ${latest} is there; ${check.installed} is installed. Nothing was installed.`
        : `${check.installed} is the newest version that ${source} has.`,
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      ...base,
      status: 'unknown',
      signature: 'none',
      detail: `Whether there is a newer version is unknown: ${why}`,
    };
  }
}

type Answer = { readonly latest: string; readonly signature: UpdateStatus['signature'] };

async function askMarketplace({ egress }: UpdateCheck): Promise<Answer> {
  const body = JSON.stringify({
    filters: [{ criteria: [{ filterType: BY_NAME, value: PRODUCT }], pageSize: 1, pageNumber: 1 }],
    flags: FLAGS,
  });
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const parsed = marketplaceAnswer.safeParse(
    await ask(egress, MARKETPLACE, { method: 'POST', headers, body }),
  );
  if (!parsed.success) throw new Error('the marketplace answered something that is not understood.');
  const found = parsed.data.results[0]?.extensions[0]?.versions[0];
  if (!found) throw new Error('the marketplace has no entry for this product.');
  const signed = found.files?.some(({ assetType }) => /VsixSignature$/.test(assetType)) ?? false;
  return { latest: found.version, signature: signed ? 'offered' : 'none' };
}

async function askPrivate({ egress, url, publicKey }: UpdateCheck): Promise<Answer> {
  const { protocol, hostname } = new URL(url);
  const here = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
  if (protocol !== 'https:' && !here) throw new Error('the address is not one of https.');
  const parsed = privateAnswer.safeParse(await ask(egress, url, { headers: { accept: 'application/json' } }));
  if (!parsed.success)
    throw new Error('the answer is not understood; it needs “package” with “name” and “version”.');
  const { package: info, signature } = parsed.data;
  if (info.name !== PRODUCT)
    throw new Error(`the answer is about “${info.name.slice(0, 80)}”, not this product.`);
  if (publicKey === '')
    return { latest: info.version, signature: signature === undefined ? 'none' : 'offered' };
  if (signature === undefined) throw new Error('the answer is not signed, and a key is set.');
  if (!isSigned(canonicalJson(info), signature, publicKey))
    throw new Error('the answer is not signed by the key that is set.');
  return { latest: info.version, signature: 'valid' };
}

function isSigned(text: string, signature: string, publicKey: string): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    return verify(null, Buffer.from(text, 'utf8'), key, Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}

async function ask(egress: EgressPort | undefined, url: string, init: RequestInit): Promise<unknown> {
  if (egress === undefined) throw new Error('the engine is still starting.');
  const { host } = new URL(url);
  const client = egress.client('update-check', [host], { configured: [host] });
  try {
    return await answerOf(client.fetch, url, init);
  } finally {
    client.close();
  }
}

async function answerOf(send: typeof fetch, url: string, init: RequestInit): Promise<unknown> {
  const response = await send(url, {
    ...init,
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => {
    throw new Error('nobody could be asked. Is there a network?');
  });
  if (!response.ok) throw new Error(`the answer was ${response.status}.`);
  const text = await response.text();
  if (text.length > ANSWER_MOST) throw new Error('the answer is too long.');
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('the answer is not JSON.');
  }
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return 'an address that is not one';
  }
}

/** By SemVer 2, without build data. Positive when `a` is newer. */
export function compareVersions(a: string, b: string): number {
  const [coreA = '', preA] = splitPre(a);
  const [coreB = '', preB] = splitPre(b);
  const byCore = compareParts(coreA.split('.'), coreB.split('.'));
  if (byCore !== 0) return byCore;
  if (preA === undefined || preB === undefined)
    return Number(preB !== undefined) - Number(preA !== undefined);
  return compareParts(preA.split('.'), preB.split('.'));
}

function splitPre(text: string): readonly [string, string | undefined] {
  const plain = text.split('+', 1)[0] ?? '';
  const dash = plain.indexOf('-');
  return dash < 0 ? [plain, undefined] : [plain.slice(0, dash), plain.slice(dash + 1)];
}

function compareParts(a: readonly string[], b: readonly string[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const [x, y] = [a[at], b[at]];
    if (x === undefined || y === undefined) return Number(x !== undefined) - Number(y !== undefined);
    const numbers = /^\d+$/.test(x) && /^\d+$/.test(y);
    const order = numbers ? Number(x) - Number(y) : x < y ? -1 : x > y ? 1 : 0;
    if (order !== 0) return order;
  }
  return 0;
}
