import type { Clock, Masker } from '../model/ports';
import type { CredentialHealth, VaultHealth } from '../model/views';
import type { Vault } from './vault';

const DAY_MS = 86_400_000;

/** Secrets that nobody issued: the key that signs the record, and second factors. */
const OWN = ['journal/', 'stepup/'];

export interface HealthDeps {
  readonly vault: Pick<Vault, 'level' | 'passedOver' | 'times'>;
  readonly masker: Masker;
  readonly clock: Pick<Clock, 'now'>;
  /** Days after which an issued credential is to be replaced; read at each use. */
  readonly rotateAfterDays: () => number;
}

/** MT-2: how credentials are kept, and which ones are older than they should be. */
export async function vaultHealth({
  vault,
  masker,
  clock,
  rotateAfterDays,
}: HealthDeps): Promise<VaultHealth> {
  const days = rotateAfterDays();
  const now = clock.now();
  const credentials = (await vault.times()).map((times): CredentialHealth => {
    const kind = OWN.some((prefix) => times.name.startsWith(prefix)) ? 'own' : 'issued';
    const ageDays = Math.max(0, Math.floor((now - times.rotatedAt) / DAY_MS));
    return { ...times, kind, ageDays, overdue: kind === 'issued' && ageDays >= days };
  });
  return {
    level: vault.level,
    passedOver: vault.passedOver.map(({ level, why }) => ({ level, why: masker.mask(why) })),
    rotateAfterDays: days,
    credentials: credentials.sort((a, b) => a.rotatedAt - b.rotatedAt || (a.name < b.name ? -1 : 1)),
  };
}
