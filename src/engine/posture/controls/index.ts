import { ACCESS } from './access';
import { CALLED_CHANNELS } from './called-channels';
import type { Control, Row } from './control';
import { ENVIRONMENTS } from './environments';
import { INCIDENTS } from './incidents';
import { OPERATIONS } from './operations';
import { PROMISES } from './promises';
import { SETUP } from './setup';
import { STANDING_CHANNELS } from './standing-channels';

export type { Control } from './control';

/** The guide's sections, in its order. */
const SECTIONS: readonly (readonly [section: string, rows: readonly Row[]])[] = [
  ['Initial setup', SETUP],
  ['Ongoing operations', OPERATIONS],
  ['Channels', [...STANDING_CHANNELS, ...CALLED_CHANNELS]],
  ['Environment profiles', ENVIRONMENTS],
  ['Incident response', INCIDENTS],
  ['FAQ promises', PROMISES],
  ['Context and access', ACCESS],
];

export const CONTROLS: readonly Control[] = SECTIONS.flatMap(([section, rows]) =>
  rows.map((row) => ({ ...row, section })),
);
