import { z } from 'zod';
import { byOperator } from '../operator.js';

/**
 * - `accept-loss`: messages that the log has lost are given up, and the lane goes on from where its topics begin.
 * - `read-again`: every topic of the lane is read again from its beginning; what was handled is not done twice.
 */
const ActionName = z.enum(['accept-loss', 'read-again']);

/** `POST /operations/lanes/{lane}/actions`. */
export const LaneAction = z.strictObject({ action: ActionName, ...byOperator }).meta({
  id: 'LaneAction',
  example: { action: 'accept-loss', operator: 'kim', reason: 'the volume of the broker is gone' },
});
export type LaneAction = z.infer<typeof LaneAction>;

/** An offset of a topic that was set to another one. `from` is null where nothing was read yet. */
export const LaneMove = z
  .object({ topic: z.string(), from: z.int().nullable(), to: z.int() })
  .meta({ id: 'LaneMove' });
export type LaneMove = z.infer<typeof LaneMove>;

/** A partition number of all input topics of a service. */
export const LaneView = z
  .object({
    lane: z.int(),
    /** How often it was claimed, or taken from its owner by an operator. */
    epoch: z.int(),
    /** Who has claimed it last: the name of the service and the process's id. */
    owner: z.string(),
    claimedAt: z.iso.datetime(),
    /** The next message of each topic that is to be handled. */
    positions: z.array(z.object({ topic: z.string(), nextOffset: z.int() })),
    /** Why the process that answers leaves the lane paused. Null where it does not, or does not own it. */
    refused: z.string().nullable(),
    /** What an operator had done to it last. */
    lastAction: z
      .object({
        action: ActionName,
        operator: z.string(),
        reason: z.string(),
        at: z.iso.datetime(),
        moved: z.array(LaneMove),
      })
      .nullable(),
  })
  .meta({ id: 'LaneView' });
export type LaneView = z.infer<typeof LaneView>;

/** `GET /operations/lanes`: by number, those that were ever claimed. */
export const LaneList = z.object({ lanes: z.array(LaneView) }).meta({ id: 'LaneList' });
export type LaneList = z.infer<typeof LaneList>;
