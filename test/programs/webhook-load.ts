// Calls two doors of the webhook server as two platforms do, forged calls among them, and holds slow connections open.
// A process of its own, so that what it takes is not taken from the server. Its plan comes as one message; it answers
// with a count of what became of every call.
import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { LoadPlan, LoadReport } from '../helpers/webhook-load';

/** Calls under way at the same time; what is due beyond waits. */
const ABREAST = 400;
/** A platform calls again when it was not answered, or with a server error. */
const TRIES = 5;
const TICK_MS = 5;
/** A slow connection sends a byte of its head as often. Milliseconds. */
const TRICKLE_MS = 500;

interface Call {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

class Load {
  private readonly kept = new Agent({ keepAlive: true, maxSockets: 64 });
  private readonly once = new Agent({ keepAlive: false });
  private readonly waiting: { call: Call; genuine: boolean; tries: number }[] = [];
  private readonly loris = new Set<Socket>();
  private readonly times: number[] = [];
  private underWay = 0;
  private state: number;
  private readonly report: LoadReport = {
    genuine: 0,
    forged: 0,
    genuineAnswers: {},
    forgedAnswers: {},
    repeated: 0,
    lost: 0,
    seconds: 0,
    slowOpened: 0,
    slowMost: 0,
    genuineMs: [0, 0, 0],
  };

  constructor(private readonly plan: LoadPlan) {
    this.state = plan.seed;
  }

  async run(): Promise<LoadReport> {
    const { plan, report } = this;
    const trickle = setInterval(() => this.trickle(), TRICKLE_MS);
    this.trickle();
    const start = performance.now();
    const total = plan.seconds * plan.perSecond;
    let made = 0;
    while (made < total || this.underWay > 0 || this.waiting.length > 0) {
      const due = Math.min(total, Math.floor(((performance.now() - start) / 1000) * plan.perSecond));
      for (; made < due; made++) this.waiting.push(this.make(made));
      this.pump();
      if (made < total) report.seconds = (performance.now() - start) / 1000;
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    clearInterval(trickle);
    for (const socket of this.loris) socket.destroy();
    this.kept.destroy();
    const sorted = this.times.sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    report.genuineMs = [at(0.5), at(0.99), at(1)];
    return report;
  }

  private random(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  private pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)] as T;
  }

  private make(index: number) {
    const genuine = index % 10 === 0;
    if (genuine) this.report.genuine++;
    else this.report.forged++;
    const call = this.random() < 0.5 ? this.signed(index, genuine) : this.tokened(index, genuine);
    return { call, genuine, tries: 0 };
  }

  private fill(template: string, index: number, what: string): Buffer {
    const id = `${this.plan.seed}${index}`.padStart(16, '0').slice(-16);
    return Buffer.from(template.replaceAll('@ID@', id).replaceAll('@TEXT@', `${what} ${index}`));
  }

  /** LINE: a signature over the body. */
  private signed(index: number, genuine: boolean): Call {
    const { url, secret, template } = this.plan.line;
    const body = this.fill(template, index, genuine ? 'genuine' : 'forged');
    const right = createHmac('sha256', secret).update(body).digest('base64');
    const wrong = () =>
      this.pick([
        createHmac('sha256', `${secret}x`).update(body).digest('base64'),
        right.slice(0, -4),
        '',
        'x'.repeat(8_000),
        createHmac('sha1', secret).update(body).digest('base64'),
      ]);
    return { url, body, headers: { 'x-line-signature': genuine ? right : wrong() } };
  }

  /** Teams: a token beside the body. */
  private tokened(index: number, genuine: boolean): Call {
    const { url, token, forged, template } = this.plan.teams;
    const body = this.fill(template, index, genuine ? 'genuine' : 'forged');
    return { url, body, headers: { authorization: `Bearer ${genuine ? token : this.pick(forged)}` } };
  }

  private pump(): void {
    while (this.underWay < ABREAST) {
      const next = this.waiting.shift();
      if (!next) return;
      this.underWay++;
      const started = performance.now();
      this.send(next.call, next.genuine ? this.kept : this.once, (status) => {
        this.underWay--;
        const answers = next.genuine ? this.report.genuineAnswers : this.report.forgedAnswers;
        answers[status] = (answers[status] ?? 0) + 1;
        if (!next.genuine) return;
        if (status === '200') this.times.push(performance.now() - started);
        else if (next.tries < TRIES) {
          this.report.repeated++;
          this.waiting.push({ ...next, tries: next.tries + 1 });
        } else this.report.lost++;
      });
    }
  }

  private send({ url, headers, body }: Call, agent: Agent, done: (status: string) => void): void {
    let over = false;
    const end = (status: string) => {
      if (over) return;
      over = true;
      done(status);
    };
    const call = request(url, {
      method: 'POST',
      agent,
      // Each address of this machine has its own ports.
      localAddress: `127.0.0.${1 + Math.floor(this.random() * 8)}`,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'content-length': body.length,
        ...headers,
      },
    });
    call.on('response', (response) => {
      response.resume();
      response.on('close', () => end(String(response.statusCode)));
    });
    call.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    call.end(body);
  }

  /** So many connections are always open that send a byte now and then and never come to an end. */
  private trickle(): void {
    const { hostname, port } = new URL(this.plan.line.url);
    while (this.loris.size < this.plan.slow) {
      const socket = connect({ host: hostname, port: Number(port) });
      this.loris.add(socket);
      this.report.slowOpened++;
      socket.write('POST / HTTP/1.1\r\nHost: x\r\nX-');
      socket.on('error', () => {});
      socket.on('data', () => {});
      socket.on('close', () => this.loris.delete(socket));
    }
    this.report.slowMost = Math.max(this.report.slowMost, this.loris.size);
    for (const socket of this.loris) if (socket.writable) socket.write('a');
  }
}

process.once('message', (plan: LoadPlan) => {
  void new Load(plan).run().then((report) => process.send?.(report, () => process.disconnect()));
});
