import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ChannelBench } from './bench';

/** What a file of `benches/` exports: its name is the channel's id, or that and the mode of it that is tried. */
interface BenchFile {
  readonly makeBench: () => ChannelBench;
}

const FOLDER = join(__dirname, 'benches');

/** Every bench there is, by the name of its file. `COWORK_BENCH=slack,line` in the environment chooses some. */
export function allBenches(): readonly { readonly name: string; readonly make: () => ChannelBench }[] {
  const wanted = process.env.COWORK_BENCH?.split(',');
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -3))
    .filter((name) => !wanted || wanted.includes(name))
    .sort()
    .map((name) => ({ name, make: (require(join(FOLDER, name)) as BenchFile).makeBench }));
}
