import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.js';
import { systemClock } from './clock.js';
import { type Entry, ExpiryQueue } from './expiry-queue.js';

describe('a queue of what expires', () => {
  test('keeps one timer at most, and none when all is over', async () => {
    const clock = new VirtualClock();
    const expired: number[] = [];
    const queue = new ExpiryQueue<number>(clock, 100, item => expired.push(item));
    const first = queue.add(1);
    await clock.advance(60);
    queue.add(2);
    queue.remove(first);
    await clock.advance(50);
    expect([expired, clock.timers]).toEqual([[], 1]);
    await clock.advance(50);
    expect([expired, clock.timers]).toEqual([[2], 0]);
  });

  test('does not keep the process alive when nothing is in it', () => {
    const clock = new VirtualClock();
    const queue = new ExpiryQueue<number>(clock, 100, () => undefined);
    const entries = [queue.add(1), queue.add(2)];
    const held = [clock.isHeld];
    for (const entry of entries) {
      queue.remove(entry);
      held.push(clock.isHeld);
    }
    queue.add(3);
    expect([...held, clock.isHeld]).toEqual([true, true, false, true]);
  });

  test('expires nothing early, late, twice or after it was removed', async () => {
    const happening = fc.oneof(
      fc.record({ kind: fc.constant('add' as const) }),
      fc.record({ kind: fc.constant('remove' as const), which: fc.nat(50) }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(120) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 60, size: 'max' }), async happenings => {
        const clock = new VirtualClock();
        const wanted = new Map<number, number>();
        const queue = new ExpiryQueue<number>(clock, 100, item => {
          expect(clock.elapsedMs()).toBe(wanted.get(item));
          wanted.delete(item);
        });
        const entries: Entry<number>[] = [];
        for (const what of happenings) {
          if (what.kind === 'add') {
            wanted.set(entries.length, clock.elapsedMs() + 100);
            entries.push(queue.add(entries.length));
          } else if (what.kind === 'remove' && what.which < entries.length) {
            queue.remove(entries[what.which]!);
            wanted.delete(what.which);
          } else if (what.kind === 'wait') await clock.advance(what.ms);
          expect(clock.timers).toBeLessThanOrEqual(1);
        }
        await clock.advance(100);
        expect([wanted.size, clock.timers]).toEqual([0, 0]);
      }),
      { numRuns: 200 },
    );
  });
});

test('the real clock rings, can be stopped, and does not hold the process when nobody waits', async () => {
  const rung: string[] = [];
  systemClock.after(5, () => rung.push('rung'));
  const stopped = systemClock.after(5, () => rung.push('stopped'));
  stopped.stop();
  const distant = systemClock.after(1e12, () => rung.push('too early'));
  const isHeld = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length;
  const held = isHeld();
  distant.hold(false);
  expect(isHeld()).toBe(held - 1);
  distant.hold(true);
  expect(isHeld()).toBe(held);
  const before = systemClock.elapsedMs();
  await new Promise(resolve => setTimeout(resolve, 20));
  expect(rung).toEqual(['rung']);
  expect(systemClock.elapsedMs() - before).toBeGreaterThan(15);
  expect(Math.abs(systemClock.epochMs() - Date.now())).toBeLessThan(1_000);
  distant.stop();
});
