/*
 * Reactions that must not compile: each @ts-expect-error is an error of its own if the line below it is accepted.
 * The check of types, which is tsc with tsconfig.tests.json, reads this file.
 */
import {
  billed,
  bill,
  burnt,
  charge,
  cook,
  cooked,
  excuse,
  excused,
  leave,
  notPaid,
  ordered,
  paid,
  sayThanks,
  serve,
  served,
  throwAway,
  thrownAway,
} from '../examples/lunch.js';
import { all, anyOf, when } from './choreography.js';

// The right ones, so that the wrong ones are wrong for one reason only.
when(ordered, 'kitchen', { do: cook, with: ({ dish }) => ({ dish }), then: cooked, orElse: burnt });
when(paid, 'kitchen', { mustFinish: serve, then: served });
when(excused, 'kitchen', { undo: throwAway, of: cook, then: thrownAway });

// @ts-expect-error an operation is its own participant's
when(ordered, 'till', { do: cook, with: ({ dish }) => ({ dish }), then: cooked, orElse: burnt });

// @ts-expect-error what may be rejected says so
when(ordered, 'kitchen', { do: cook, with: ({ dish }) => ({ dish }), then: cooked });

// @ts-expect-error the data of a command is checked
when(ordered, 'kitchen', { do: cook, with: () => ({ dish: 7 }), then: cooked, orElse: burnt });

// @ts-expect-error an event that was not heard can't be used
when(billed, 'till', { do: bill, with: (_, { plate }) => ({ plate }), then: billed, orElse: notPaid });

// @ts-expect-error what is announced is what was replied
when(ordered, 'kitchen', { do: cook, with: ({ dish }) => ({ dish }), then: billed, orElse: burnt });

// @ts-expect-error a rejection is announced as a failure
when(all(billed), 'till', { pivot: charge, with: ({ bill }) => ({ bill }), then: paid, orElse: ordered });

// @ts-expect-error what must finish may not reject
when(billed, 'till', { mustFinish: charge, with: ({ bill }) => ({ bill }), then: paid });

// @ts-expect-error an undo reacts to failures only, and passes their reason on
when(paid, 'till', { undo: excuse, of: bill, then: excused });

// @ts-expect-error an undo says what it takes back
when(anyOf(burnt), 'till', { undo: excuse, then: excused });

// @ts-expect-error an end announces nothing
when(served, 'guest', { completes: sayThanks, then: served });

// @ts-expect-error a cancel is told why
when(excused, 'guest', { cancels: leave });
