import { expect, test } from 'vitest';
import { pipeline } from '../pipeline/pipeline.js';
import { bug, ControlledWork, outcomeOf, rejected, transient, unclear } from '../testing/calls.fixture.js';
import { settled, VirtualClock } from '../testing/virtual-clock.js';

const line = (on?: ('rejected' | 'transient')[]) =>
  pipeline('prices', [{ policy: 'fallback', ...(on && { on }) }], { clock: new VirtualClock() });
const fallback = (error: unknown) => `yesterday's, as ${(error as Error).message}`;
const failing = (error: Error) => () => Promise.reject<string>(error);

test('an answer needs no fallback', async () => {
  expect(await line().run(() => Promise.resolve("today's"), { fallback })).toBe("today's");
});

test('it stands in where the dependency failed', async () => {
  const prices = line();
  expect(await prices.run(failing(transient()), { fallback })).toBe("yesterday's, as busy");
  expect(await prices.run(failing(unclear()), { fallback })).toBe("yesterday's, as broken");
  expect(prices.state().fallback.used).toBe(2);
});

test('it hides neither a definite no nor a bug, and is not made up', async () => {
  await expect(line().run(failing(rejected()), { fallback })).rejects.toThrow('declined');
  await expect(line().run(failing(bug()), { fallback })).rejects.toThrow(TypeError);
  await expect(line().run(failing(transient()))).rejects.toThrow('busy');
});

test('which errors it stands in for can be chosen, also later', async () => {
  const prices = line(['rejected']);
  expect(await prices.run(failing(rejected()), { fallback })).toBe("yesterday's, as declined");
  await expect(prices.run(failing(transient()), { fallback })).rejects.toThrow('busy');
  prices.reconfigure([{ policy: 'fallback', on: ['transient'] }]);
  expect(await prices.run(failing(transient()), { fallback })).toBe("yesterday's, as busy");
});

test('what it throws is what the caller gets', async () => {
  const thrower = () => Promise.reject<string>(new Error('nothing from yesterday either'));
  await expect(line().run(failing(transient()), { fallback: thrower })).rejects.toThrow('yesterday either');
});

test('who gave up wants no other answer', async () => {
  const caller = new AbortController();
  const outcome = outcomeOf(line().run(new ControlledWork().work, { fallback, signal: caller.signal }));
  caller.abort(new Error('enough'));
  await settled();
  expect(outcome.error).toEqual(new Error('enough'));
});

test('it stands in for what a policy refuses, too', async () => {
  const prices = pipeline('prices', [
    { policy: 'fallback' },
    { policy: 'breaker', failureRate: 0.5, windowMs: 1_000, callsMin: 1, openMs: 1_000, probes: 1 },
  ]);
  prices.policy('breaker').open();
  expect(await prices.run(failing(bug()), { fallback })).toBe(
    "yesterday's, as prices: the circuit was opened by hand",
  );
});
