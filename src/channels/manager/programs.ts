import { type AdapterContext, type ChannelDescriptor, ChannelError, type ChannelSettings } from '../contract';
import type { ChannelServices } from './services';

/**
 * Starts the programs that a channel's descriptor names and no other. That one is to be started is on record, with
 * all its arguments, before it is; that it has ended is on record as well. No adapter gets past this.
 */
export function recordedPrograms(
  descriptor: ChannelDescriptor,
  settings: ChannelSettings,
  services: Pick<ChannelServices, 'program'>,
  note: AdapterContext['note'],
): AdapterContext['program'] {
  return async (path, args, heard) => {
    if (!(descriptor.programs?.(settings) ?? []).includes(path)) {
      throw new ChannelError('fatal', `${descriptor.name} may not start ${path}.`);
    }
    const argv = JSON.stringify([path, ...args]);
    await note({ code: 'program-starting', text: `Starts ${argv}.` });
    const running = await services.program(path, args, heard).catch(async (error: unknown) => {
      await note({ code: 'program-failed', text: `${argv} could not be started.` });
      throw error;
    });
    const ended = running.ended.then(async (end) => {
      const how = end.signal ? `by ${end.signal}` : `with code ${end.code}`;
      await note({
        code: 'program-ended',
        text: `${argv}, process ${running.pid}, has ended ${how}.`,
      }).catch(() => undefined);
      return end;
    });
    return { ...running, ended };
  };
}
