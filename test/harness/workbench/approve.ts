import type { Locator } from 'playwright-core';
import { until } from '../processes';

/** Approves what is on a card. For half a second after it has appeared a card takes no decision, so it is pressed again. */
export async function approveOn(card: Locator): Promise<void> {
  const button = card.getByRole('button', { name: 'Approve', exact: true });
  await until('the approval to be taken', async () => {
    await button.click({ timeout: 1000 }).catch(() => undefined);
    return (await button.count()) === 0 ? true : undefined;
  });
}
