/** How the bytes of a file become text. */
export interface DecodedText {
  readonly text: string;
  readonly encoding: 'utf-8' | 'utf-8 with BOM' | 'utf-16le' | 'utf-16be' | 'windows-1252';
}

/** As much as git looks at to tell binary from text, in bytes. */
const BINARY_PROBE = 8000;

/**
 * Text of a file, or undefined when it is binary. `cut` says that `bytes` ends in the middle of the file, so
 * that half a character at the end is no sign of another encoding.
 */
export function decodeText(bytes: Buffer, cut: boolean): DecodedText | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return { text: bytes.subarray(3).toString('utf8'), encoding: 'utf-8 with BOM' };
  }
  if (bytes[0] === 0xff && bytes[1] === 0xfe) {
    return { text: bytes.subarray(2).toString('utf16le'), encoding: 'utf-16le' };
  }
  if (bytes[0] === 0xfe && bytes[1] === 0xff) {
    const even = bytes.subarray(2, bytes.length - (bytes.length % 2));
    return { text: Buffer.from(even).swap16().toString('utf16le'), encoding: 'utf-16be' };
  }
  if (bytes.subarray(0, BINARY_PROBE).includes(0)) return undefined;
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    return { text: text.decode(bytes, { stream: cut }), encoding: 'utf-8' };
  } catch {
    return { text: new TextDecoder('windows-1252').decode(bytes), encoding: 'windows-1252' };
  }
}
