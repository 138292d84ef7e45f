import { expect, test } from 'vitest';
import { nextOrder, SortedRows } from './sorted-rows.js';

const rowsOf = (...pieces: string[][]) => {
  const left = pieces.map(piece => piece.map(orderId => ({ orderId })));
  return new SortedRows(() => left.shift() ?? []);
};

test('sources are joined by order, wherever their pieces end', async () => {
  const sources = [rowsOf(['a', 'a'], ['a', 'c']), rowsOf(['b'], ['c', 'd']), rowsOf()];
  const joined = [];
  for (let id = await nextOrder(sources); id !== null; id = await nextOrder(sources)) {
    const counts = [];
    for (const source of sources) counts.push((await source.take(id)).length);
    joined.push([id, ...counts]);
  }
  expect(joined).toEqual([
    ['a', 3, 0, 0],
    ['b', 0, 1, 0],
    ['c', 1, 1, 0],
    ['d', 0, 1, 0],
  ]);
});
