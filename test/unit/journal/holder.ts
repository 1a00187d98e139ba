import { SegmentJournal } from '../../../src/engine/journal';

/** Takes the lease of a journal, says so, and keeps it until it is killed. Run as a process by lease.spec.ts. */
const [, , directory = '', label = ''] = process.argv;
const journal = new SegmentJournal({ directory, label, clock: Date });
journal.open().then(
  () => process.stdout.write('held\n'),
  (error: Error) => process.stdout.write(`refused ${error.name}\n`),
);
process.stdin.resume();
