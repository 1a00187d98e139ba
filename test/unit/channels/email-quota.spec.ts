import assert from 'node:assert/strict';
import { emailDescriptor } from '../../../src/channels/email/descriptor';
import { ANN, MailHouse } from './email-support';

describe('a mailbox that fills up', () => {
  const house = MailHouse.use((world) => {
    world.imap.quotaBytes = 1_000_000;
  });

  it('says so on the channel before mail to it is turned away', async () => {
    const health = (facts: Parameters<NonNullable<typeof emailDescriptor.health>>[0]) =>
      emailDescriptor.health?.(facts).join(' ') ?? '';
    const empty = await house.connect();
    await empty.settle();
    assert.equal(typeof empty.facts().mailboxFull, 'number');
    assert.equal(health(empty.facts()), '');
    await house.world.deliver({ from: ANN, subject: 'Newsletter', text: 'words '.repeat(155_000) });
    const full = await house.connect();
    await full.settle();
    assert.match(
      health(full.facts()),
      /^The mailbox is 9\d % full; when it is full, mail to it is turned away/,
    );
  });
});
