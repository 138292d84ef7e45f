import { OrderId, problems } from '@ballast/contracts';
import { Problem } from '@ballast/platform';

/** A cursor is opaque to clients: what it holds may change, and its first letters say which kind it is. */
const prefix = 's1:';

/** The cursor of the page that begins after this order. */
export const cursorAfter = (id: string): string => Buffer.from(prefix + id, 'latin1').toString('base64url');

/** The order after which the page begins. Throws a Problem (400) for anything that `cursorAfter` does not make. */
export function orderOfCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  const id = OrderId.safeParse(text.slice(prefix.length));
  if (!text.startsWith(prefix) || !id.success || cursorAfter(id.data) !== cursor) {
    throw new Problem(problems.CURSOR_INVALID, 'the cursor is not one that a page was answered with');
  }
  return id.data;
}
