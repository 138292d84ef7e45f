import { cursorsOf } from '../http/cursors.js';

export const { cursorAfter, idOfCursor: deadLetterOfCursor } = cursorsOf('d1:', text => {
  const id = Number(text);
  return Number.isSafeInteger(id) ? id : undefined;
});
