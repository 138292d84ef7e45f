import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.js';
import { startCall } from './start-call.js';

test('a policy that throws rejects the call, and leaves no timer and no listener behind', async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const work = () => Promise.resolve('made');
  const wrong = () => {
    throw new Error('a bug of a policy');
  };
  for (const options of [{}, { signal: caller.signal, deadline: clock.epochMs() + 1_000 }]) {
    await expect(startCall(work, options, clock, wrong)).rejects.toThrow('a bug of a policy');
  }
  expect([clock.timers, getEventListeners(caller.signal, 'abort')]).toEqual([0, []]);
});
