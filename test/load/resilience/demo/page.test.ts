import { describe, expect, test } from 'vitest';
import { acts } from './acts.js';
import { pageOf } from './page.js';
import type { Performance } from './performance.js';
import type { Sample } from './sampler.js';
import { timeline, walletSlowdown } from './timeline.js';

const sampleOf = (second: number, act: string, breaker: string | null): Sample => ({
  second,
  act,
  breaker,
  inFlight: 3,
  queued: 2,
  open: 5,
  refused: 7,
  repeated: 1,
  timedOut: 0,
  arrived: 11,
  waitingThere: 4,
  orders: {
    wallet: { completed: 20, cancelled: 0, p99Ms: 120 },
    card: { completed: 3, cancelled: 1, p99Ms: null },
  },
});

const performanceOf = (policies: 'on' | 'off', breakers: readonly (string | null)[]): Performance => ({
  policies,
  samples: acts.map(({ name }, index) => sampleOf(2 * index, name, breakers[index]!)),
  figures: Object.fromEntries(
    acts.map(({ name }, index) => [
      name,
      {
        walletP50Ms: 50,
        walletP99Ms: 100 + 10 * index,
        cardsCompleted: 30,
        cardsCancelled: index,
        callsPerSecond: 60,
      },
    ]),
  ),
});
const without = performanceOf('off', [null, null, null, null]);
const withPolicies = performanceOf('on', ['closed', 'open', 'half-open', 'ramping']);

describe('the timeline', () => {
  test('has both performances side by side, and what each act came to', () => {
    const lines = timeline(without, withPolicies).split('\n');
    const failing = lines.find(line => line.includes('s failing'))!;
    expect(failing.split('|').map(part => part.trim().split(/\s+/)[0])).toEqual(['4', '-', 'half-open']);
    expect(lines.filter(line => line.includes('card orders completed'))).toHaveLength(2 * acts.length);
  });

  test('says how much slower wallet orders were than before', () => {
    expect(walletSlowdown(withPolicies, 'slow')).toBe(10);
    expect(walletSlowdown({ ...withPolicies, figures: {} }, 'slow')).toBeNull();
  });
});

test('the page needs nothing but itself, and has a chart of each kind for both', () => {
  const page = pageOf({
    command: 'npm run demo:resilience -- <x>',
    machine: 'a machine',
    at: new Date(0),
    without,
    withPolicies,
  });
  expect(page).not.toMatch(/(src|href)=/);
  expect(page).toContain('&lt;x&gt;');
  for (const name of ['breaker', 'calls', 'rates', 'orders', 'success', 'p99']) {
    for (const side of ['without', 'with']) expect(page).toContain(`id="${side}-${name}"`);
  }
  const [, json] = /id="data">(.*)<\/script>/.exec(page)!;
  const data = JSON.parse(json!);
  expect(data.with.breaker.breaker).toEqual([0, 3, 2, 1]);
  expect(data.acts).toEqual(acts.map(({ name }, index) => ({ second: 2 * index, act: name })));
});
