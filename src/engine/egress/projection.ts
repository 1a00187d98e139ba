import type { Projection } from '../model/projection';
import { destinationKey } from './destination';

/** Every destination that has been contacted, by `destinationKey`: so that a new one is told from an old one. */
export interface EgressState {
  contacted: Record<string, true>;
}

/** More than a person meets in years; after that the list starts anew, and old ones count as new once. */
const MAX_DESTINATIONS = 10_000;

export const egressProjection: Projection<EgressState> = {
  name: 'egress',
  version: 1,
  initial: () => ({ contacted: {} }),
  reduce(state, record) {
    if (record.type !== 'egress.destination') return;
    const { purpose, host, port } = record.data;
    if (Object.keys(state.contacted).length >= MAX_DESTINATIONS) state.contacted = {};
    state.contacted[destinationKey(purpose, { host, port })] = true;
  },
};
