// Walks the main job in a process of its own and dies, as by a power cut, as soon as the given record is durable.
// argv: folder, type of the record. Prints the id of each task that it had acknowledged to the chat.
import { TestEngine } from '../helpers/engine';

async function main(folder: string, dieAt: string): Promise<void> {
  const tested = await TestEngine.start({ folder });
  await tested.pair();
  tested.store.onRecord(({ type }) => {
    if (type === dieAt) process.kill(process.pid, 'SIGKILL');
  });
  await tested.say('/run echo ran >> ran.txt');
  const approval = await tested.approval();
  await tested.engine.approvals.approve(approval.id, approval.bindingHash);
  await tested.until(() => tested.engine.tasks.list()[0]?.state === 'done');
  await tested.stop();
}

const [folder = '', dieAt = ''] = process.argv.slice(2);
void main(folder, dieAt);
