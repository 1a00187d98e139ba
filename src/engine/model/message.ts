import type { ChatContext, ConversationRef } from './identity';

/** A file that came with a message. `quarantinePath` is set by the gateway once the bytes are stored. */
export interface Attachment {
  readonly name: string;
  readonly mediaType: string;
  /** Bytes; -1 when the platform does not say. */
  readonly size: number;
  readonly platformId: string;
  readonly quarantinePath?: string;
}

/** What an adapter hands to the gateway: verified and normalised, but not yet believed. */
export interface InboundMessage {
  readonly channel: string;
  readonly account: string;
  readonly conversation: string;
  readonly context: ChatContext;
  readonly sender: {
    /** The platform's immutable id of the sender; an empty one is dropped. */
    readonly id: string;
    readonly displayName: string;
    readonly isBot: boolean;
    readonly isSelf: boolean;
  };
  readonly text: string;
  readonly attachments: readonly Attachment[];
  /** The platform's id of this message, for deduplication and threading. */
  readonly platformId: string;
  /** Milliseconds since the epoch, by this machine's clock. */
  readonly receivedAt: number;
  /** In a group: the bot was mentioned, or the message replies to one of the bot's. Always true in a DM. */
  readonly addressed: boolean;
  /** The platform's id of the message that this one answers. */
  readonly inReplyTo?: string;
  /** Set when this tells of a change to an earlier message: it is never taken for a command. */
  readonly change?: 'edited' | 'deleted';
  /** Set by the gateway: invisible or direction-changing characters in `text`, by name, for readers to mark. */
  readonly marks?: readonly string[];
}

/** What the engine wants said. Text is plain; the adapter escapes and splits it for its platform. */
export interface OutboundMessage extends ConversationRef {
  readonly text: string;
  /** Text between fences is code: rendered as such where the platform can, kept whole when split. */
  readonly format: 'text' | 'markdown';
  readonly inReplyTo?: string;
  /** Edit this earlier message of ours instead of sending, where the platform can. */
  readonly edits?: string;
  readonly buttons?: readonly ReplyButton[];
  /** Sent after the text, where the platform takes files of their size (`ChannelCapabilities.fileBytes`). */
  readonly files?: readonly OutboundFile[];
}

/** A file that goes out with a reply. */
export interface OutboundFile {
  readonly name: string;
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
  /** Of the snapshot that outlives a restart, and the hash of its bytes in hex; absent when there is none. */
  readonly id?: string;
  readonly sha256?: string;
  /** The bytes that were approved, whatever has become of the file since. */
  read(): Promise<Uint8Array>;
}

/** A button comes back as an inbound message whose text is `command`. */
export interface ReplyButton {
  readonly label: string;
  readonly command: string;
  readonly style: 'primary' | 'danger' | 'plain';
}

/** The platform's ids of what was sent, one a chunk, in order. */
export interface SentReceipt {
  readonly platformIds: readonly string[];
}
