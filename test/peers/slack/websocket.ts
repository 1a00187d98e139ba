import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** One server side of a WebSocket (RFC 6455): text frames, ping, pong and close; frames of a client must be masked. */
export class PeerSocket {
  onText: (text: string) => void = () => {};
  onClose: () => void = () => {};
  onProblem: (what: string) => void = () => {};
  pings = 0;
  /** Whether the other side's pings and close frames are answered; a dead line answers nothing. */
  answers = true;
  /** Nothing that is sent gets through any more. */
  dead = false;
  private buffer = Buffer.alloc(0);

  constructor(
    request: IncomingMessage,
    private readonly stream: Duplex,
  ) {
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    stream.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    stream.on('data', (chunk: Buffer) => this.read(chunk));
    stream.on('error', () => stream.destroy());
    stream.on('end', () => stream.end());
    stream.on('close', () => this.onClose());
  }

  send(text: string): void {
    this.frame(1, Buffer.from(text));
  }

  ping(): void {
    this.frame(9, Buffer.from('Ping from applink'));
  }

  /** Cuts the line without a word. */
  cut(): void {
    this.stream.destroy();
  }

  /** Ends our side without a close frame and goes on reading: the other side must end its own. */
  halfClose(): void {
    this.dead = true;
    this.stream.end();
  }

  private frame(opcode: number, payload: Buffer): void {
    if (this.stream.destroyed || this.dead) return;
    const length =
      payload.length < 126
        ? Buffer.from([payload.length])
        : payload.length < 65_536
          ? Buffer.from([126, payload.length >> 8, payload.length & 255])
          : Buffer.concat([Buffer.from([127, 0, 0, 0, 0]), uint32(payload.length)]);
    this.stream.write(Buffer.concat([Buffer.from([0x80 | opcode]), length, payload]));
  }

  private read(chunk: Buffer): void {
    this.buffer = Buffer.concat([this.buffer, chunk]);
    for (;;) {
      const head = this.buffer;
      if (head.length < 2) return;
      const opcode = (head[0] ?? 0) & 15;
      const masked = ((head[1] ?? 0) & 128) !== 0;
      let length = (head[1] ?? 0) & 127;
      let at = 2;
      if (length === 126) {
        if (head.length < 4) return;
        length = head.readUInt16BE(2);
        at = 4;
      } else if (length === 127) {
        if (head.length < 10) return;
        length = Number(head.readBigUInt64BE(2));
        at = 10;
      }
      if (!masked) this.onProblem('a frame of the client was not masked');
      if (head.length < at + 4 + length) return;
      const mask = head.subarray(at, at + 4);
      const payload = Buffer.from(head.subarray(at + 4, at + 4 + length)).map(
        (byte, index) => byte ^ (mask[index % 4] ?? 0),
      );
      this.buffer = head.subarray(at + 4 + length);
      this.handle(opcode, Buffer.from(payload));
    }
  }

  private handle(opcode: number, payload: Buffer): void {
    if (this.dead) return;
    if (opcode === 1) this.onText(payload.toString('utf8'));
    else if (opcode === 8) {
      if (!this.answers) return;
      this.frame(8, payload);
      this.stream.end();
    } else if (opcode === 9) {
      this.pings += 1;
      if (this.answers) this.frame(10, payload);
    }
  }
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}
