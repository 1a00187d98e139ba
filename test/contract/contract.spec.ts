import { allBenches } from './benches';
import { describeChaos } from './chaos';
import { describeContract } from './suite';

const benches = allBenches().map(({ name, make }) => {
  const { descriptor } = make();
  const mode = name === descriptor.id ? '' : `, ${name.slice(descriptor.id.length + 1)}`;
  return { title: `${descriptor.name}${mode}`, make };
});

for (const { title, make } of benches) describeContract(make, `the contract of channels: ${title}`);

describe('a platform in trouble', () => {
  for (const { title, make } of benches) describeChaos(make, `loses and repeats nothing through ${title}`);
});
