import type { OutsideAnswer } from '@ballast/contracts';
import type { Logger } from '@ballast/platform';

/** Something that must never happen has: nothing more is done about it here than to tell, after the commit. */
export type Alarm =
  /** An undo found the order's record and none of its barriers; it was decided all the same. */
  | { readonly kind: 'undo-without-barrier'; readonly orderId: string; readonly operation: string }
  /** An outside party gave two different definite answers to one call; the first one counts. */
  | {
      readonly kind: 'contradicting-answers';
      readonly orderId: string;
      readonly operation: string;
      readonly first: OutsideAnswer;
      readonly second: OutsideAnswer;
    };

/** The usual way to tell of it: an error in the log that is marked as an alarm. */
export const alarmTo =
  (logger: Pick<Logger, 'error'>) =>
  (alarm: Alarm): void =>
    logger.error({ alarm: true, ...alarm }, messages[alarm.kind]);

const messages: Record<Alarm['kind'], string> = {
  'undo-without-barrier': 'an undo found a record of the order and no barrier',
  'contradicting-answers': 'an outside party gave two different definite answers to one call',
};
