import {
  AUDIT_STATE,
  approvalsState,
  auditRows,
  authenticatorState,
  card,
  charts,
  pairingState,
  postureState,
  TASK_FILES,
  taskWith,
} from './fixtures';
import type { PageUnderTest } from './open-page';

/** Number of the newest request of a kind that the page has made. */
export async function lastRequest(under: PageUnderTest, type: string): Promise<unknown> {
  return (await under.said()).findLast((message) => message.type === type)?.requestId;
}

/** Each page of the product with something of everything on it: how it is told. */
export const FILLED: Readonly<Record<string, (under: PageUnderTest) => Promise<void>>> = {
  approvals: (under) => under.send(approvalsState([card()])),
  async audit(under) {
    const saved = [{ name: 'Mine', filter: 'tool:run' }];
    await under.send({ ...AUDIT_STATE, saved, filter: 'user:a' });
    await under.page.locator('.input').waitFor();
    const rows = auditRows(100);
    await under.send({ type: 'page', requestId: await lastRequest(under, 'query'), rows, total: 100 });
    await under.page.getByRole('button', { name: 'Charts' }).click();
    await under.send(charts(await lastRequest(under, 'charts')));
    await under.page.locator('.row').first().click();
    const place = { segment: 's1', line: 42, seq: 42, problem: 'The record was changed.' };
    await under.send({ type: 'verify', verify: { state: 'damaged', records: 41, ...place } });
    await under.page.getByRole('button', { name: 'Go to the place' }).waitFor();
  },
  task: (under) => under.send(taskWith({ files: TASK_FILES })),
  pairing: (under) => under.send(pairingState()),
  authenticator: (under) => under.send(authenticatorState()),
  posture: (under) => under.send(postureState()),
};
