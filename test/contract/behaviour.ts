import type { ChatContext } from '../../src/engine/model/identity';
import type { ChannelBench, Fault } from './bench';
import { ContractHouse, type HouseOptions } from './house';

/** One thing that every channel does, tried through gateway, manager and adapter against the platform's peer. */
export interface Behaviour {
  /** Begins with the control's id where it is one. */
  readonly title: string;
  /** Why this platform has no such thing; undefined when it has. */
  without?(bench: ChannelBench): string | undefined;
  readonly options?: HouseOptions;
  /** Milliseconds that a test of this may take on a busy machine. */
  readonly limitMs?: number;
  run(house: ContractHouse): Promise<void>;
}

export const noRoom = (bench: ChannelBench): string | undefined =>
  ContractHouse.room(bench) ? undefined : 'the platform has direct messages only';

export const noFault =
  (fault: Fault) =>
  (bench: ChannelBench): string | undefined =>
    bench.faults.includes(fault) ? undefined : `the platform cannot have the fault “${fault}”`;

/** The room that is not a DM. Only to be used where `noRoom` is undefined. */
export function roomOf({ bench }: ContractHouse): ChatContext {
  return ContractHouse.room(bench) ?? 'group';
}

/** DM, and the room where there is one. */
export function placesOf(bench: ChannelBench): readonly ChatContext[] {
  return bench.descriptor.capabilities.contexts;
}
