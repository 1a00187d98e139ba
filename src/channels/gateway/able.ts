import type { EventMap } from '../../engine/model/events';
import type { OutboundFile, OutboundMessage } from '../../engine/model/message';
import { type ChannelDescriptor, ChannelError } from '../contract';

/** A file of a reply, as the record has it. */
export type KeptFile = NonNullable<EventMap['reply.queued']['files']>[number];

/** Those that outlive a restart. */
export function keptFiles(files: OutboundMessage['files']): KeptFile[] {
  return (files ?? []).flatMap(({ id, sha256, name, mediaType, size }) =>
    id === undefined || sha256 === undefined ? [] : [{ id, name, mediaType, size, sha256 }],
  );
}

/** Bytes that are gone will not come back by trying again. */
function refusable(file: OutboundFile): OutboundFile {
  return {
    ...file,
    read: () =>
      file.read().catch((error: unknown) => {
        const why = error instanceof Error ? error.message : 'It cannot be read.';
        throw new ChannelError('refused', `“${file.name}” was not sent: ${why}`);
      }),
  };
}

/**
 * Without what the platform cannot do: buttons have their command in the text as well, an edit becomes a message, and
 * a file that it does not take is named in the text.
 */
export function ableToSend(
  message: OutboundMessage,
  { capabilities, name }: ChannelDescriptor,
): OutboundMessage {
  const { buttons, edits, files = [], ...plain } = message;
  const fitting = files.filter(({ size }) => size <= capabilities.fileBytes);
  const left = files.filter((file) => !fitting.includes(file)).map((file) => `“${file.name}”`);
  const note =
    capabilities.fileBytes > 0 ? `takes ${capabilities.fileBytes} bytes at most` : 'takes no files';
  return {
    ...plain,
    ...(left.length > 0 ? { text: `${plain.text}\n(Not sent: ${left.join(', ')}. ${name} ${note}.)` } : {}),
    ...(buttons && capabilities.buttons ? { buttons } : {}),
    ...(edits !== undefined && capabilities.edit ? { edits } : {}),
    ...(fitting.length > 0 ? { files: fitting.map(refusable) } : {}),
  };
}
