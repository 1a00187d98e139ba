// npm run bench -- [guard] [decide] [journal] [policy-server] [sandbox] [audit-page] [audit-panel] [approval-shown] [webhook]
// [channels] [encryption]: all of them when none is named.
// Each prints what it measured beside a peer that did the same, or less, in the same run.
import { run as approvalShown } from './approval-shown';
import { run as auditPage } from './audit-page';
import { run as auditPanel } from './audit-panel';
import { run as channels } from './channels';
import { run as decide } from './decide';
import { run as encryption } from './encryption';
import { run as guard } from './guard';
import { run as journal } from './journal';
import { run as policyServer } from './policy-server';
import { run as sandbox } from './sandbox';
import { run as webhook } from './webhook';

/** What a bench that leaves the printing to others gives back. */
interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal?: number | string;
}

/** Those that print for themselves give no rows. */
const BENCHES: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  guard: () => guard().then(() => []),
  decide,
  journal: () => journal().then(() => []),
  'policy-server': policyServer,
  sandbox,
  'audit-page': () => auditPage().then(() => []),
  'audit-panel': () => auditPanel().then(() => []),
  'approval-shown': () => approvalShown().then(() => []),
  webhook,
  channels,
  encryption,
};

async function main(asked: readonly string[]): Promise<void> {
  const unknown = asked.filter((name) => !Object.hasOwn(BENCHES, name));
  if (unknown.length > 0) {
    console.error(`There is no bench "${unknown[0]}". There are: ${Object.keys(BENCHES).join(', ')}.`);
    process.exitCode = 2;
    return;
  }
  for (const [name, run] of Object.entries(BENCHES)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    console.log(`\n── ${name}`);
    for (const { name: what, value, unit, goal } of await run()) {
      const aim = goal === undefined ? '' : `  (goal ${goal})`;
      console.log(`${what.padEnd(40)} ${value.toFixed(1).padStart(9)} ${unit}${aim}`);
    }
  }
}

void main(process.argv.slice(2));
