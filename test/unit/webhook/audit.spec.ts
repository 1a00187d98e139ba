import assert from 'node:assert/strict';
import { join } from 'node:path';
import { WebhookServer } from '../../../src/channels/webhook/server';
import { auditOf } from '../../../src/engine/audit';
import { systemClock } from '../../../src/engine/model/ports';
import type { Store } from '../../../src/engine/store';
import { Masking } from '../../../src/engine/vault/masking';
import { parseAuditFilter } from '../../../src/views/audit-filter';
import { toAuditRow } from '../../../src/views/present/audit-row';
import { MemorySecrets } from '../../helpers/memory-secrets';
import { collectingLogger } from '../channels/support';
import { localStore, note, scratch } from '../store/support';
import { JSON_POST, post, signedHandler } from './support';

describe('requests to the webhook server in the audit', () => {
  let remove: () => void;
  let store: Store;
  let server: WebhookServer;
  beforeEach(async () => {
    const place = scratch();
    remove = place.remove;
    store = localStore(join(place.path, 'journal'));
    await store.open();
    server = new WebhookServer({
      secrets: new MemorySecrets(),
      records: store,
      clock: systemClock,
      log: collectingLogger([]),
      forward: async () => undefined,
      settings: () => ({ port: 0, publicUrl: '', sourceHeader: '' }),
      acceptedKeys: async () => [],
    });
  });
  afterEach(async () => {
    await server.close();
    await store.close();
    remove();
  });

  /** What the page lists for a text in its filter box, the newest first. */
  async function listed(text: string): Promise<string[]> {
    const parsed = parseAuditFilter(text, Date.now());
    assert.ok(parsed.ok);
    const page = await auditOf(store, new Masking()).query(parsed.filter);
    const rows = page.records.map(toAuditRow);
    assert.ok(rows.every(({ type }) => type === 'webhook.request'));
    return rows.map(({ channel, summary }) => `${channel} | ${summary}`);
  }

  it('[MT-4] are found by their type, accepted and refused ones, with the reason in the row', async () => {
    const { url } = await server.open('teams', JSON_POST, signedHandler([]));
    await store.append(note(1, 'refused, but no request'));
    await post(url, '{"n":1}');
    for (let n = 2; n <= 4; n += 1) await post(url, `{"n":${n}}`, { 'x-signature': 'wrong' });
    await post(new URL('/guess', url).href, '{}');
    // What was added up is written at the end.
    await server.close();
    const accepted = 'teams | Webhook of teams accepted: accepted';
    const refused = [
      'teams | 1 × webhook of teams refused with 401: signature',
      ' | 1 × webhook of ? refused with 404: no such path',
      'teams | 2 × webhook of teams refused with 401: signature',
    ];
    assert.deepEqual((await listed('type:webhook.request')).sort(), [accepted, ...refused].sort());
    assert.deepEqual((await listed('type:webhook.request refused')).sort(), [...refused].sort());
    assert.deepEqual(await listed('type:webhook.request accepted'), [accepted]);
    assert.deepEqual(
      (await listed('type:webhook.request channel:teams signature')).sort(),
      refused.filter((row) => row.includes('signature')).sort(),
    );
  });
});
