import { allBenches } from './benches';
import { describeContract } from './suite';

for (const { name, make } of allBenches()) {
  const { descriptor } = make();
  const mode = name === descriptor.id ? '' : `, ${name.slice(descriptor.id.length + 1)}`;
  describeContract(make, `the contract of channels: ${descriptor.name}${mode}`);
}
