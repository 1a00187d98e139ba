import { skip } from '../harness/report';
import type { Behaviour } from './behaviour';
import { inbound } from './behaviours/inbound';
import { life } from './behaviours/life';
import { outbound } from './behaviours/outbound';
import { trouble } from './behaviours/trouble';
import type { ChannelBench } from './bench';
import { ContractHouse } from './house';

const BEHAVIOURS: readonly Behaviour[] = [...inbound, ...outbound, ...trouble, ...life];
/** Milliseconds of a test that names no limit of its own. */
const LIMIT_MS = 30_000;

/**
 * What every channel does, tried one by one: each test has a platform, a channel and a record of its own. A behaviour
 * is left out only where the bench says that the platform has no such thing.
 */
export function describeContract(make: () => ChannelBench, title: string): void {
  const bench = make();
  describe(title, () => {
    for (const behaviour of BEHAVIOURS) {
      const missing = bench.absent ?? behaviour.without?.(bench);
      it(behaviour.title, async function () {
        if (missing !== undefined) return skip(this, missing);
        this.timeout(behaviour.limitMs ?? LIMIT_MS);
        const house = await ContractHouse.open(make(), behaviour.options);
        try {
          await behaviour.run(house);
          house.check();
        } finally {
          await house.close();
        }
        house.check();
      });
    }
  });
}
