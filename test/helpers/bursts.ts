import { monitorEventLoopDelay } from 'node:perf_hooks';
import { said } from './access-house';
import type { FrontDoor } from './front-door';
import { Turns } from './turns';

/** Bursts of 5,000 messages from 1,000 identities, of which the first are `friends`, and what became of them. */
export async function sendBursts(
  door: FrontDoor,
  friends: readonly string[],
  bursts: number,
): Promise<{ sent: number; most: number; turnMs: number | undefined; figures: string }> {
  const { clock } = door.house;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const turns = new Turns();
  let sent = 0;
  let most = 0;
  let pending: Promise<void>[] = [];
  for (let burst = 0; burst < bursts; burst++) {
    delay.enable();
    turns.start();
    // As it comes off a socket: some messages in one turn of the event loop.
    for (let at = 0; at < 5000; at++) {
      const identity = at % 1000;
      const sender = friends[identity] ?? `stranger${identity}`;
      pending.push(door.gateway.receive(said(sender, `/status ${burst} ${at}`)));
      sent++;
      most = Math.max(most, door.gateway.waiting.inbound);
      if (at % 10 === 9) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(pending);
    pending = [];
    // Turning the clock by hand is the test's own work.
    delay.disable();
    turns.stop();
    for (let second = 0; second < 500; second += 50) await clock.advanceAsync(50_000);
  }
  await door.gateway.close();
  const [p50, p99, max] = [delay.percentile(50), delay.percentile(99), delay.max].map((ns) => ns / 1e6);
  const turnMs = turns.percentile(0.99);
  const figures = `most waiting ${most}, taken ${door.admitted.length}, dropped ${door.dropped()}, event loop p50 ${p50?.toFixed(1)} p99 ${p99?.toFixed(1)} max ${max?.toFixed(1)} ms, processor time of a turn p99 ${turnMs?.toFixed(1) ?? 'unknown'} ms`;
  return { sent, most, turnMs, figures };
}
