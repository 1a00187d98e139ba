import type { OutboundFile } from '../../engine/model/message';
import { ChannelError } from '../contract';

type Kind = 'image' | 'audio' | 'video' | 'document';

/** https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media#supported-media-types */
const KINDS: Readonly<Record<string, Kind>> = {
  'image/jpeg': 'image',
  'image/png': 'image',
  'audio/aac': 'audio',
  'audio/amr': 'audio',
  'audio/mp4': 'audio',
  'audio/mpeg': 'audio',
  'audio/ogg': 'audio',
  'video/3gpp': 'video',
  'video/mp4': 'video',
  'text/plain': 'document',
  'application/pdf': 'document',
  'application/msword': 'document',
  'application/vnd.ms-excel': 'document',
  'application/vnd.ms-powerpoint': 'document',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'document',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'document',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'document',
};
/** Above these a picture, sound or film is refused; as a document it would be of a kind that is. Bytes. */
const CAPS: Readonly<Record<Kind, number>> = {
  image: 5_000_000,
  audio: 16_000_000,
  video: 16_000_000,
  document: 100_000_000,
};

export interface FileMessage {
  /** As the file is to be uploaded. */
  readonly mediaType: string;
  /** The message that names the uploaded file. */
  naming(id: string): Readonly<Record<string, unknown>>;
}

/** How a file is sent. What is text of any kind goes as plain text. @throws ChannelError `refused` */
export function fileMessage({ name, mediaType: given, size }: OutboundFile): FileMessage {
  const bare = given.split(';')[0]?.trim().toLowerCase() ?? '';
  const mediaType = /^text\/|^application\/(json|xml)$/.test(bare) ? 'text/plain' : bare;
  const kind = KINDS[mediaType];
  if (kind === undefined) {
    throw new ChannelError(
      'refused',
      `WhatsApp takes no files of the kind “${bare.slice(0, 100)}”, so “${name}” was not sent. It takes text, PDF and office documents, and pictures, sounds and films in its own formats.`,
    );
  }
  if (size > CAPS[kind]) {
    throw new ChannelError(
      'refused',
      `“${name}” is larger than the ${CAPS[kind] / 1_000_000} MB that WhatsApp takes of such a file, so it was not sent.`,
    );
  }
  return {
    mediaType,
    naming: (id) => ({ type: kind, [kind]: kind === 'document' ? { id, filename: name } : { id } }),
  };
}
