import { orderCursorsOf } from '@ballast/messaging';

export const { cursorAfter, idOfCursor: orderOfCursor } = orderCursorsOf('s1:');
