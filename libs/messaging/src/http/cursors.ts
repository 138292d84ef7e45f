import { OrderId, problems } from '@ballast/contracts';
import { Problem } from '@ballast/platform';

export interface Cursors<Id> {
  /** The cursor of the page that begins after this one. */
  readonly cursorAfter: (id: Id) => string;
  /** The one after which the page begins. Throws a Problem (400) for anything that `cursorAfter` does not make. */
  readonly idOfCursor: (cursor: string) => Id;
}

/**
 * The cursors of a list. A cursor is opaque to clients: what it holds may change, and its first letters say which kind it is.
 * @param parse undefined for what is no id
 */
export function cursorsOf<Id extends string | number>(
  prefix: string,
  parse: (text: string) => Id | undefined,
): Cursors<Id> {
  const cursorAfter = (id: Id) => Buffer.from(`${prefix}${id}`, 'latin1').toString('base64url');
  const idOfCursor = (cursor: string) => {
    const text = Buffer.from(cursor, 'base64url').toString('latin1');
    const id = parse(text.slice(prefix.length));
    // Base64 has many spellings of one value, and decoding drops what it does not know: only ours is taken.
    if (!text.startsWith(prefix) || id === undefined || cursorAfter(id) !== cursor) {
      throw new Problem(problems.CURSOR_INVALID, 'the cursor is not one that a page was answered with');
    }
    return id;
  };
  return { cursorAfter, idOfCursor };
}

/** Those of a list by order. */
export const orderCursorsOf = (prefix: string): Cursors<string> =>
  cursorsOf(prefix, text => OrderId.safeParse(text).data);
