import { problems } from '@ballast/contracts';
import { Problem } from '@ballast/platform';

/** A cursor is opaque to clients: what it holds may change, and its first letters say which kind it is. */
const prefix = 'd1:';

/** The cursor of the page that begins after this dead letter. */
export const cursorAfter = (id: number): string =>
  Buffer.from(`${prefix}${id}`, 'latin1').toString('base64url');

/** The dead letter after which the page begins. Throws a Problem (400) for anything that `cursorAfter` does not make. */
export function deadLetterOfCursor(cursor: string): number {
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  const id = Number(text.slice(prefix.length));
  if (!text.startsWith(prefix) || !Number.isSafeInteger(id) || cursorAfter(id) !== cursor) {
    throw new Problem(problems.CURSOR_INVALID, 'the cursor is not one that a page was answered with');
  }
  return id;
}
