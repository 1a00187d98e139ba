import type { AuditApi } from '../../engine/api';

/**
 * The channels that were enabled last and not disabled since, read from the record. For the start of a window.
 * @throws what `query` throws: without the record nothing is connected.
 */
export async function enabledChannels(
  audit: Pick<AuditApi, 'query'>,
  known: readonly string[],
): Promise<readonly string[]> {
  const open = new Set(known);
  const enabled: string[] = [];
  let beforeSeq: number | undefined;
  while (open.size > 0) {
    const page = await audit.query(
      { types: ['channel.enabled', 'channel.disabled'] },
      { limit: 500, ...(beforeSeq === undefined ? {} : { beforeSeq }) },
    );
    for (const record of page.records) {
      if (record.type !== 'channel.enabled' && record.type !== 'channel.disabled') continue;
      // Newest first: the first record of a channel is the one that counts.
      if (open.delete(record.data.channel) && record.type === 'channel.enabled')
        enabled.push(record.data.channel);
    }
    if (page.nextBeforeSeq === undefined) break;
    beforeSeq = page.nextBeforeSeq;
  }
  return enabled;
}
