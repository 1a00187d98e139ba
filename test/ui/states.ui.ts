import assert from 'node:assert/strict';
import { useWorkbench } from '../harness/suite';

describe('a window without a folder', () => {
  const session = useWorkbench({ folder: false });

  it('says that a folder is needed, and offers to open one', async () => {
    const { bench } = session();
    await bench.sideBar.open('CoWork OS');
    assert.match(await bench.sideBar.welcome('Channels'), /Open Folder/);
    await bench.screenshot('state-no-folder');
  });
});

describe('a folder that is not trusted', () => {
  const session = useWorkbench({ workspaceTrust: true });

  it('keeps channels and tools off, and the views say why', async () => {
    const { bench } = session();
    // VS Code asks first; the person looks around without trusting.
    const { buttons } = await bench.messages.waitForDialog();
    const no = buttons.find((label) => /^No/.test(label));
    assert.ok(no, buttons.join(', '));
    await bench.messages.clickDialog(no);
    await bench.sideBar.open('CoWork OS');
    assert.match(await bench.sideBar.welcome('Users'), /Restricted Mode/);
    await bench.sideBar.waitForRows('Channels', (rows) =>
      rows.length === 0 ? true : rows.every((row) => !/online/.test(row.description)),
    );
    await bench.screenshot('state-restricted');
  });
});

describe('a second window on the same folder', () => {
  const session = useWorkbench();

  it('says that the first one holds the record, and takes over when that one has gone', async () => {
    const { bench, openWindow } = session();
    await bench.sideBar.open('CoWork OS');
    await bench.sideBar.waitForRows('Channels', (rows) => rows.some((row) => /online/.test(row.description)));
    const second = await openWindow();
    await second.sideBar.open('CoWork OS');
    assert.match(await second.sideBar.welcome('Users'), /Another window/);
    await second.screenshot('state-held');
  });
});
