import { createHash } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import type { RunOutput } from './backend';

/**
 * Keeps the first and the last bytes of a stream, and the length and hash of the whole, in bounded memory.
 * `capBytes` is the most that is kept, half at each end.
 */
export class OutputCapture {
  private readonly hash = createHash('sha256');
  private readonly headCap: number;
  private readonly tailCap: number;
  private head: Buffer[] = [];
  private headLength = 0;
  private tail: Buffer[] = [];
  private tailLength = 0;
  private total = 0;

  constructor(capBytes: number) {
    this.headCap = Math.ceil(capBytes / 2);
    this.tailCap = Math.max(1, Math.floor(capBytes / 2));
  }

  get length(): number {
    return this.total;
  }

  add(chunk: Buffer): void {
    this.hash.update(chunk);
    this.total += chunk.length;
    const room = this.headCap - this.headLength;
    if (room > 0) {
      const part = chunk.subarray(0, room);
      this.head.push(Buffer.from(part));
      this.headLength += part.length;
    }
    if (chunk.length > room) this.addToTail(room > 0 ? chunk.subarray(room) : chunk);
  }

  /** Call once, at the end. */
  finish(): RunOutput {
    const kept = this.headLength + Math.min(this.tailLength, this.tailCap);
    const cut = this.total > kept;
    const head = Buffer.concat(this.head);
    const joined = Buffer.concat(this.tail);
    const tail = joined.subarray(Math.max(0, joined.length - this.tailCap));
    const text = cut
      ? `${wholeStart(head)}\n… ${this.total - kept} bytes left out …\n${wholeEnd(tail)}`
      : Buffer.concat([head, tail]).toString('utf8');
    return { text, cut, length: this.total, sha256: this.hash.digest('hex') };
  }

  private addToTail(chunk: Buffer): void {
    this.tail.push(Buffer.from(chunk.subarray(Math.max(0, chunk.length - this.tailCap))));
    this.tailLength += Math.min(chunk.length, this.tailCap);
    // Compacting only when twice the cap is held keeps the cost of many small chunks linear.
    if (this.tailLength < this.tailCap * 2 && this.tail.length < 4096) return;
    const joined = Buffer.concat(this.tail);
    const kept = Buffer.from(joined.subarray(Math.max(0, joined.length - this.tailCap)));
    this.tail = [kept];
    this.tailLength = kept.length;
  }
}

/** Text up to the last whole character. */
function wholeStart(bytes: Buffer): string {
  return new StringDecoder('utf8').write(bytes);
}

/** Text from the first byte that can start a character. */
function wholeEnd(bytes: Buffer): string {
  let start = 0;
  while (start < Math.min(3, bytes.length) && ((bytes[start] ?? 0) & 0xc0) === 0x80) start++;
  return bytes.subarray(start).toString('utf8');
}
