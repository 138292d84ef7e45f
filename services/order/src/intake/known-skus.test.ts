import { describe, expect, test } from 'vitest';
import { KnownSkus, knownSkusDefaults, type SkuAnswer } from './known-skus.js';

function directory(answers: Record<string, SkuAnswer>, options: Partial<typeof knownSkusDefaults> = {}) {
  const asked: string[] = [];
  const clock = { nowMs: 0 };
  const skus = new KnownSkus(
    async sku => {
      asked.push(sku);
      await Promise.resolve();
      return answers[sku] ?? 'unknown';
    },
    { ...knownSkusDefaults, ...options },
    () => clock.nowMs,
  );
  const unknown = async (...wanted: string[]) => [...(await skus.unknownAmong(skus.misses(wanted)))];
  return { skus, asked, clock, unknown };
}

test('a known SKU is asked for once', async () => {
  const { skus, asked, unknown } = directory({ kettle: 'known' });
  expect(await unknown('kettle', 'kettle')).toEqual([]);
  expect(skus.misses(['kettle'])).toEqual(new Set());
  expect(asked).toEqual(['kettle']);
});

test('concurrent misses of one SKU share the question', async () => {
  const { asked, unknown } = directory({ kettle: 'known' });
  expect(await Promise.all([unknown('kettle'), unknown('kettle', 'ghost'), unknown('ghost')])).toEqual([
    [],
    ['ghost'],
    ['ghost'],
  ]);
  expect(asked).toEqual(['kettle', 'ghost']);
});

test('an unknown SKU is believed to be unknown for a moment only: it may be delivered', async () => {
  const answers: Record<string, SkuAnswer> = {};
  const { asked, clock, unknown } = directory(answers, { unknownMs: 200 });
  expect(await unknown('new')).toEqual(['new']);
  answers['new'] = 'known';
  clock.nowMs = 199;
  expect(await unknown('new')).toEqual(['new']);
  clock.nowMs = 200;
  expect(await unknown('new')).toEqual([]);
  expect(asked).toEqual(['new', 'new']);
});

test('when inventory does not answer, orders are accepted, and it is left in peace for a moment', async () => {
  const answers: Record<string, SkuAnswer> = { kettle: 'undecided', cup: 'known' };
  const { asked, clock, unknown } = directory(answers, { silenceMs: 500 });
  expect(await unknown('kettle')).toEqual([]);
  expect(await unknown('cup', 'ghost')).toEqual([]);
  expect(asked).toEqual(['kettle']);
  clock.nowMs = 500;
  expect(await unknown('cup', 'ghost')).toEqual(['ghost']);
});

describe('memory', () => {
  test('is bounded, and keeps what is in use', async () => {
    const all = Array.from({ length: 50 }, (_, index) => `sku-${index}`);
    const { skus, unknown } = directory(Object.fromEntries(all.map(sku => [sku, 'known'])), { knownMax: 10 });
    await unknown('popular');
    await unknown('sku-0');
    for (const sku of all) {
      await unknown(sku);
      skus.misses(['sku-0']);
    }
    expect(skus.misses(['sku-0', 'sku-49'])).toEqual(new Set());
    expect(all.length - skus.misses(all).size).toBeLessThanOrEqual(10);
  });

  test('asks a bounded number of questions at a time; what goes beyond is left to inventory', async () => {
    const { asked, unknown } = directory({}, { askingMax: 3 });
    expect(await unknown('a', 'b', 'c', 'd', 'e')).toEqual(['a', 'b', 'c']);
    expect(asked).toEqual(['a', 'b', 'c']);
  });
});
