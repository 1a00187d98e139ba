import { monitorEventLoopDelay } from 'node:perf_hooks';
import { said } from './access-house';
import type { FrontDoor } from './front-door';

/** Bursts of 5,000 messages from 1,000 identities, of which the first are `friends`, and what became of them. */
export async function sendBursts(
  door: FrontDoor,
  friends: readonly string[],
  bursts: number,
): Promise<{ sent: number; most: number; p99Ms: number; figures: string }> {
  const { clock } = door.house;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let sent = 0;
  let most = 0;
  let pending: Promise<void>[] = [];
  for (let burst = 0; burst < bursts; burst++) {
    delay.enable();
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
    for (let second = 0; second < 500; second += 50) await clock.advanceAsync(50_000);
  }
  await door.gateway.close();
  const [p50, p99, max] = [delay.percentile(50), delay.percentile(99), delay.max].map((ns) => ns / 1e6);
  const figures = `most waiting ${most}, taken ${door.admitted.length}, dropped ${door.dropped()}, event loop p50 ${p50?.toFixed(1)} p99 ${p99?.toFixed(1)} max ${max?.toFixed(1)} ms`;
  return { sent, most, p99Ms: p99 ?? 0, figures };
}
