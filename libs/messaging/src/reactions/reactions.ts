import type { Choreography } from '@ballast/choreography';
import { count, durationMs, type Logger, type Queries } from '@ballast/platform';
import type { z } from 'zod';
import { orderOf, type Work } from '../lanes/work.js';
import { isReaction, type News, Reacting } from './reacting.js';
import { Hearing } from './hearing.js';
import { loadProgress, type StoredProgress } from './tables.js';
import type { Barrier } from '../participant/barrier.js';

/** What a process that reacts to events is configured with, to be spread into its schema. */
export const reactionSettings = {
  /** Each time that so many attempts of an operation have been refused, it is parked. */
  PARK_AFTER_ATTEMPTS: count(20),
  /** From its decision or the wish for its end on, an order that nothing is heard of for so long is shown as parked. */
  QUIET_MS: durationMs(60_000),
};

export type ReactionConfiguration = Readonly<z.infer<z.ZodObject<typeof reactionSettings>>>;

/** A participant's part in a choreographed saga: what it hears, and what it remembers of each order. */
export class Reactions {
  readonly choreography: Choreography;
  readonly hearing: Hearing;

  constructor(
    choreography: Choreography,
    readonly participant: string,
    { PARK_AFTER_ATTEMPTS: parkAfterAttempts, QUIET_MS: quietMs }: ReactionConfiguration,
    /** Called after the commit. */
    readonly tell: (news: News) => void,
  ) {
    this.choreography = {
      ...choreography,
      patience: { ...choreography.patience, parkAfterAttempts, quietMs },
    };
    this.hearing = new Hearing(choreography, participant);
  }

  /** The orders whose progress a pass will need, as far as its work tells. */
  concerned(work: readonly Work[]): string[] {
    return [...new Set(work.filter(one => this.hearing.hears(one)).map(orderOf))];
  }

  load(tx: Queries, orderIds: readonly string[]): Promise<Map<string, StoredProgress>> {
    return loadProgress(tx, this.participant, orderIds);
  }

  pass(loaded: ReadonlyMap<string, StoredProgress>, now: Date): Reacting {
    return new Reacting(this.choreography, this.participant, loaded, now);
  }
}

/** Whether a reaction waits for the answer that this barrier will give. */
export function reactionWaits(barrier: Barrier): boolean {
  if (barrier.kind !== 'waiting' && barrier.kind !== 'undoing') return false;
  return [barrier.do, barrier.undo].some(message => message !== null && isReaction(message));
}

/** The usual way to tell: a parked order is a warning, and what must never happen an alarm. */
export const tellTo =
  (logger: Pick<Logger, 'info' | 'warn' | 'error'>) =>
  (news: News): void => {
    switch (news.kind) {
      case 'finished':
        return;
      case 'parked':
        return logger.warn(news, 'a choreographed order does not go on by itself');
      case 'alarm':
        return logger.error(
          { ...news, alarm: true, what: news.alarm },
          'a choreographed order contradicts itself',
        );
    }
  };
