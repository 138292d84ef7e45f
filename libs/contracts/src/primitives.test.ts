import { expect, test } from 'vitest';
import { Sku } from './primitives.js';

test.each(['', 'a b', 'a/b', '.', '..', 'x'.repeat(65)])('%j is no part of a URL, nor a SKU', sku => {
  expect(Sku.safeParse(sku).success).toBe(false);
});
test.each(['blue-kettle', '...', '.a', 'x'.repeat(64)])('%j is one', sku => {
  expect(Sku.safeParse(sku).success).toBe(true);
});
