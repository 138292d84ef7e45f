import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dealLanes } from './assigner.js';

const lanes = (count: number) => Array.from({ length: count }, (_, lane) => lane);
const group = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 12 })
  .chain(ids =>
    fc.tuple(
      ...ids.map(memberId =>
        fc.record({
          memberId: fc.constant(memberId),
          lanes: fc.uniqueArray(fc.integer({ min: 0, max: 40 })),
        }),
      ),
    ),
  );

test('every lane has exactly one owner, and shares differ by one at most', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 32 }), group, (count, members) => {
      const dealt = [...dealLanes(lanes(count), members).values()];
      expect(dealt.flat().sort((a, b) => a - b)).toEqual(lanes(count));
      const sizes = dealt.map(own => own.length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }),
  );
});

test('whoever deals, the answer is the same', () => {
  fc.assert(
    fc.property(group, members => {
      const sorted = (dealt: Map<string, number[]>) => [...dealt].sort(([a], [b]) => (a < b ? -1 : 1));
      expect(sorted(dealLanes(lanes(16), members.toReversed()))).toEqual(
        sorted(dealLanes(lanes(16), members)),
      );
    }),
  );
});

test('a member that leaves and comes back moves as few lanes as an even share needs', () => {
  const three = ['a', 'b', 'c'].map(memberId => ({ memberId, lanes: [] as number[] }));
  const first = dealLanes(lanes(16), three);
  const two = ['a', 'b'].map(memberId => ({ memberId, lanes: first.get(memberId)! }));
  const without = dealLanes(lanes(16), two);
  for (const memberId of ['a', 'b']) {
    expect(without.get(memberId)).toEqual(expect.arrayContaining(first.get(memberId)!));
  }
  const back = dealLanes(lanes(16), [
    { memberId: 'a', lanes: without.get('a')! },
    { memberId: 'b', lanes: without.get('b')! },
    { memberId: 'c', lanes: [] },
  ]);
  const moved = lanes(16).filter(
    lane => !['a', 'b'].some(id => without.get(id)!.includes(lane) && back.get(id)!.includes(lane)),
  );
  expect(moved).toHaveLength(back.get('c')!.length);
});

test('more members than lanes leaves some without, none twice', () => {
  const members = lanes(5).map(number => ({ memberId: `m${number}`, lanes: [] }));
  expect([...dealLanes([0, 1], members).values()].flat().sort()).toEqual([0, 1]);
});
