import { until } from '../harness/processes';
import { useWorkbench } from '../harness/suite';
import type { Workbench } from '../harness/workbench/workbench';

/** Waits until the view's empty state says what it should: at first it says that it is starting. */
function welcomed(bench: Workbench, view: string, text: RegExp): Promise<true> {
  return until(`${text} in the view ${view}`, async () =>
    text.test(await bench.sideBar.welcome(view)) ? true : undefined,
  );
}

describe('a window without a folder', () => {
  const session = useWorkbench({ folder: false });

  it('says that a folder is needed, and offers to open one', async () => {
    const { bench } = session();
    await bench.sideBar.open('CoWork OS');
    await welcomed(bench, 'Users', /Open Folder/);
    await bench.screenshot('state-no-folder');
  });
});

describe('a folder that is not trusted', () => {
  const session = useWorkbench({ workspaceTrust: true });

  it('keeps channels and tools off, and the views say why', async () => {
    const { bench } = session();
    await bench.sideBar.open('CoWork OS');
    await welcomed(bench, 'Users', /Restricted Mode/);
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
    await welcomed(second, 'Users', /Another window/);
    await second.screenshot('state-held');
    await bench.page.close();
    await welcomed(second, 'Users', /Nobody has access yet/);
  });
});
