import { createGuard } from '../src/engine/guard';
import type { CommandAnalysis } from '../src/engine/model/analysis';
import type { ToolRequest } from '../src/engine/model/decision';
import type { Principal } from '../src/engine/model/identity';
import { decide } from '../src/engine/policy/decide';
import { type Facts, NO_USAGE } from '../src/engine/policy/facts';
import type { Grant } from '../src/engine/policy/grants';
import { userPolicySchema } from '../src/engine/policy/schema';
import { buildSnapshot } from '../src/engine/policy/snapshot';

/** One figure of a benchmark. `goal` is what it is measured against, in the same unit. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal?: string;
}

const ROOT = '/home/ada/project';
const PLACE = { cwd: ROOT, workspace: ROOT, home: '/home/ada' };

/** Lines as people ask for them, most near 100 characters. */
const LINES = [
  'git status',
  'npx jest tests/a.spec.js 2>&1 | grep -E "(PASS|FAIL|Error)" | tail -n 80',
  'git log --oneline --decorate --graph -n 40 -- src/engine | head -n 20 && git diff --stat main...HEAD',
  'find . -name "*.ts" -not -path "./node_modules/*" -newer package.json | xargs grep -ln "createServer("',
  'cat package.json | jq ".scripts" && npm run test:unit -- --reporter dot --grep "policy" 2>&1 | tail -n 30',
  'rm -rf ./build ./dist && mkdir -p build/out && cp -r assets/* build/out/ && ls -la build/out | wc -l',
  'curl -fsSL https://registry.example.org/packages/left-pad/1.3.0.json | jq .dist.shasum > shasum.txt',
  'docker compose -f docker-compose.test.yml up -d db cache && sleep 2 && docker compose logs --tail 50 db',
];

/** Decisions a second, and how long one takes, over a policy of 60 rules and 40 trusted patterns. */
export async function run(iterations = 20_000): Promise<readonly BenchRow[]> {
  const snapshot = buildSnapshot({ user: policy(), workspaceRoot: ROOT, home: PLACE.home });
  const guard = await createGuard();
  const analyse = (line: string): CommandAnalysis => guard.analyse({ line, shell: 'bash', ...PLACE });
  const requests = LINES.map((line): [ToolRequest, Facts] => [
    request('run'),
    facts({ analysis: analyse(line) }),
  ]);
  const file = { path: `${ROOT}/src/engine/policy/decide.ts`, access: 'write' as const, inside: true };
  requests.push(
    [request('write'), facts({ paths: [file] })],
    [request('fetch'), facts({ hosts: ['docs.example.org'] })],
  );
  const alone = sample(iterations, (at) => {
    const [asked, given] = requests[at % requests.length] ?? fail();
    return decide(snapshot, asked, given);
  });
  const both = sample(Math.min(iterations, 10_000), (at) => {
    const analysis = analyse(LINES[at % LINES.length] ?? '');
    return decide(snapshot, request('run'), facts({ analysis }));
  });
  return [
    { name: 'decision alone, p50', value: alone.p50, unit: 'µs' },
    { name: 'decision alone, p99', value: alone.p99, unit: 'µs', goal: '< 50' },
    { name: 'analysis and decision, p50', value: both.p50, unit: 'µs' },
    { name: 'analysis and decision, p99', value: both.p99, unit: 'µs', goal: '< 1000' },
  ];
}

function fail(): never {
  throw new RangeError('no request to decide');
}

const interruptions = (): number => process.resourceUsage().involuntaryContextSwitches;

/**
 * Microseconds of single calls, after a warm-up of a tenth as many. A call during which the scheduler gave the
 * processor to somebody else says nothing about the engine and does not count; collecting garbage does.
 */
function sample(times: number, work: (at: number) => unknown): { p50: number; p99: number } {
  for (let at = 0; at < times / 10; at++) work(at);
  const taken: number[] = [];
  for (let at = 0; at < times; at++) {
    const before = interruptions();
    const start = process.hrtime.bigint();
    work(at);
    const time = Number(process.hrtime.bigint() - start) / 1000;
    if (interruptions() === before) taken.push(time);
  }
  const sorted = Float64Array.from(taken).sort();
  return {
    p50: sorted[Math.floor(sorted.length * 0.5)] ?? 0,
    p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
  };
}

function policy() {
  const commands = ['git push *', 'docker *', 'kubectl *', 'terraform *', 'npm publish *', 'ssh *'];
  const paths = ['secrets/**', '*.pem', 'infra/**', 'db/migrations/**', '*.sqlite', 'vendor/**'];
  const domains = ['*.internal.example', 'pastebin.example', 'transfer.example', '*.onion.example'];
  const rules = [
    ...Array.from({ length: 20 }, (_, at) => ({ effect: 'ask', command: `${commands[at % 6]} ${at}` })),
    ...Array.from({ length: 20 }, (_, at) => ({ effect: 'deny', path: `${at}/${paths[at % 6]}` })),
    ...Array.from({ length: 20 }, (_, at) => ({
      effect: 'deny',
      domain: `${at}.${domains[at % 4]?.replace('*.', '')}`,
    })),
  ];
  const trusted = [
    'git status *',
    'git log *',
    'git diff *',
    'npx jest *',
    'grep *',
    'tail *',
    'head *',
    'npm run *',
  ];
  const more = Array.from({ length: 32 }, (_, at) => `tool-${at} *`);
  return userPolicySchema.parse({ rules, trusted: [...trusted, ...more], defaultTrusted: true });
}

const GRANTS: readonly Grant[] = Array.from({ length: 20 }, (_, at) => ({
  id: `g${at}`,
  scope: 'always',
  user: 'telegram:bot:42',
  matcher: { kind: 'exact', tool: 'run', hash: String(at).padStart(64, '0') },
}));

const IDENTITY = { channel: 'telegram', account: 'bot', sender: '42' };
const SOMEONE: Principal = {
  key: 'telegram:bot:42',
  identity: IDENTITY,
  displayName: 'Grace',
  role: 'member',
  context: 'dm',
  conversation: { channel: 'telegram', account: 'bot', conversation: '42' },
};

function request(tool: string): ToolRequest {
  return { principal: SOMEONE, taskId: 't1', tool, args: {}, cwd: ROOT, taint: [] };
}

function facts(more: Partial<Facts>): Facts {
  return {
    now: 1_795_000_000_000,
    usage: NO_USAGE,
    workspaceTrusted: true,
    paused: false,
    grants: GRANTS,
    contextPolicy: { deniedToolGroups: [], requiredRole: 'member' },
    sandbox: { id: 'bubblewrap', isolated: true },
    exactHash: 'f'.repeat(64),
    ...more,
  };
}

async function print(): Promise<void> {
  for (const { name, value, unit, goal } of await run()) {
    console.log(
      `${name.padEnd(32)} ${value.toFixed(1).padStart(9)} ${unit}${goal === undefined ? '' : `  (goal ${goal})`}`,
    );
  }
}

if (require.main === module) void print();
