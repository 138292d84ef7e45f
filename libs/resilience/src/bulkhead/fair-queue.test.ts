import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FairQueue, type Place } from './fair-queue.js';

const happening = fc.record({
  kind: fc.constantFrom('add', 'add', 'add', 'remove', 'shift', 'turn away'),
  tenant: fc.constantFrom('a', 'b', 'c', 'd'),
  which: fc.nat(),
});

test('lines are what a list of lists would be, whoever comes and goes', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 200, size: 'max' }), happenings => {
      const queue = new FairQueue<number>();
      const places = new Map<number, Place<number>>();
      let lines: { tenant: string; items: number[] }[] = [];
      const gone = (item: number) => {
        for (const line of lines) line.items = line.items.filter(other => other !== item);
        lines = lines.filter(({ items }) => items.length > 0);
      };
      for (const [item, { kind, tenant, which }] of happenings.entries()) {
        const all = lines.flatMap(({ items }) => items);
        if (kind === 'add') {
          places.set(item, queue.add(tenant, item));
          const line = lines.find(other => other.tenant === tenant);
          if (line === undefined) lines.push({ tenant, items: [item] });
          else line.items.push(item);
        } else if (kind === 'remove' && all.length > 0) {
          const leaves = all[which % all.length]!;
          queue.remove(places.get(leaves)!);
          queue.remove(places.get(leaves)!);
          gone(leaves);
        } else if (kind === 'shift') {
          const [line] = lines;
          expect(queue.shift()).toBe(line?.items[0]);
          if (line !== undefined) {
            lines.push(lines.shift()!);
            gone(line.items[0]!);
          }
        } else if (kind === 'turn away') {
          const longest = queue.longest();
          expect(longest?.size ?? 0).toBe(Math.max(0, ...lines.map(({ items }) => items.length)));
          if (longest !== null) {
            const those = lines.filter(({ items }) => items.length === longest.size);
            expect(those.map(({ items }) => items.at(-1))).toContain(longest.last);
            queue.remove(places.get(longest.last)!);
            gone(longest.last);
          }
        }
        expect(queue.size).toBe(lines.flatMap(({ items }) => items).length);
        expect(queue.sizeOf(tenant)).toBe(lines.find(line => line.tenant === tenant)?.items.length ?? 0);
      }
    }),
    { numRuns: 300 },
  );
});

test.each([1, 4_000, 16_000])('16,000 in %i lines are not walked along to find the longest', tenants => {
  const queue = new FairQueue<number>();
  for (let item = 0; item < 16_000; item++) queue.add(`tenant ${item % tenants}`, item);
  const startMs = performance.now();
  for (let made = 0; made < 100_000; made++) queue.longest();
  // Ten milliseconds or two; walking takes ten seconds.
  expect(performance.now() - startMs).toBeLessThan(1_000);
});
