import type { Command, DataOf, EventType, Failure, ReplyOf } from '@ballast/contracts';
import type { z } from 'zod';
import { checked } from './checks.js';
import type { Choreography, Reaction, Trigger } from './definition.js';
import { type Patience, patienceOf } from './patience.js';

/** A choreography: what begins it, who may ask for its end, and who reacts to what. Throws for one that can't work. */
export function choreography(
  name: string,
  about: Pick<
    Choreography,
    'version' | 'begins' | 'cancelRequested' | 'deadlinePassed' | 'resumeRequested'
  > & {
    readonly patience?: Partial<Patience>;
  },
  reactions: readonly Reaction[],
): Choreography {
  const { patience = {}, ...rest } = about;
  return checked({ name, ...rest, reactions, patience: patienceOf(patience) });
}

/** Waits for every one of these events, in whatever order they come. */
export const all = <const Events extends readonly EventType[]>(...events: Events): All<Events> => ({
  kind: 'all',
  events,
});

/** Waits for the first of these events. */
export const anyOf = <const Events extends readonly EventType[]>(...events: Events): AnyOf<Events> => ({
  kind: 'any',
  events,
});

/**
 * One reaction: when this is heard, that participant does this. An undo, and what ends in a cancel, react to failures
 * only, and pass their reason on.
 */
export function when<
  const On extends Heard,
  const Participant extends string,
  C extends CommandOf<Participant>,
>(on: On, participant: Participant, reaction: Authored<FactsOf<On>, C>): Reaction {
  const trigger: Trigger = on.kind === 'event' ? { kind: 'all', events: [on] } : on;
  const { do: act, pivot, mustFinish, undo, completes, cancels, ...rest } = reaction as Partial<AnyAuthored>;
  const given = [
    ['do', act],
    ['pivot', pivot],
    ['must-finish', mustFinish],
    ['undo', undo],
    ['completes', completes],
    ['cancels', cancels],
  ] as const;
  const [kind, command] = given.find(([, one]) => one !== undefined) ?? [];
  if (kind === undefined || command === undefined) throw new TypeError(`${participant} reacts with nothing`);
  const { with: data = () => ({}), then = null, orElse = null, of = null } = rest;
  return { on: trigger, participant, kind, command, with: data, then, orElse, of };
}

interface All<Events extends readonly EventType[]> {
  readonly kind: 'all';
  readonly events: Events;
}

interface AnyOf<Events extends readonly EventType[]> {
  readonly kind: 'any';
  readonly events: Events;
}

type Heard = EventType | All<readonly EventType[]> | AnyOf<readonly EventType[]>;

/** The data of what was heard, one argument per event; of `anyOf`, that of the one that came. */
type FactsOf<On> =
  On extends All<infer Events>
    ? { [Index in keyof Events]: DataOf<Events[Index]> }
    : On extends AnyOf<infer Events>
      ? [DataOf<Events[number]>]
      : On extends EventType
        ? [DataOf<On>]
        : never;

type CommandOf<Participant extends string> = Command<`${Participant}.${string}`>;
type Rejecting<C extends Command> = string extends C['rejects'][number] ? never : C;
type CommandThatMayNotReject = Command<string, z.ZodType, z.ZodType, never>;
type Announces<Data> = EventType<string, z.ZodType<Data>>;
type With<Facts extends readonly unknown[], C extends Command> = (...facts: Facts) => DataOf<C>;

/** What a reaction may be. `do` and `pivot` may be rejected, and say so; nothing else may. */
type Authored<Facts extends readonly unknown[], C extends Command> =
  | (Nowhere<'pivot' | 'mustFinish' | 'undo' | 'completes' | 'cancels' | 'of'> & {
      /** Something that an undo on the failure path takes back. */
      readonly do: Rejecting<C>;
      readonly with: With<Facts, C>;
      readonly then: Announces<ReplyOf<C>>;
      readonly orElse: Announces<Failure>;
    })
  | (Nowhere<'do' | 'mustFinish' | 'undo' | 'completes' | 'cancels' | 'of'> & {
      /** The operation after which there is no way back. Its participant decides about every failure. */
      readonly pivot: Rejecting<C>;
      readonly with: With<Facts, C>;
      readonly then: Announces<ReplyOf<C>>;
      readonly orElse: Announces<Failure>;
    })
  | (Nowhere<'do' | 'pivot' | 'undo' | 'completes' | 'cancels' | 'of' | 'orElse'> & {
      /** Tried until it is done. */
      readonly mustFinish: C & CommandThatMayNotReject;
      readonly with?: With<Facts, C>;
      readonly then: Announces<ReplyOf<C>>;
    })
  | (Nowhere<'do' | 'pivot' | 'mustFinish' | 'completes' | 'cancels' | 'orElse'> & {
      /** Takes back what `of` did, or makes sure that it is never done. */
      readonly undo: Facts extends readonly [Failure, ...unknown[]] ? C & CommandThatMayNotReject : never;
      readonly of: Command;
      readonly with?: With<Facts, C>;
      readonly then: Announces<Failure>;
    })
  | (Nowhere<'do' | 'pivot' | 'mustFinish' | 'undo' | 'cancels' | 'of' | 'then' | 'orElse'> & {
      /** The good end. */
      readonly completes: C & CommandThatMayNotReject;
      readonly with?: With<Facts, C>;
    })
  | (Nowhere<'do' | 'pivot' | 'mustFinish' | 'undo' | 'completes' | 'of' | 'then' | 'orElse'> & {
      /** The end of what was undone everywhere. */
      readonly cancels: C & CommandThatMayNotReject;
      readonly with: With<Facts, C>;
    });

type Nowhere<Keys extends string> = { readonly [Key in Keys]?: never };

type AnyAuthored = Record<'do' | 'pivot' | 'mustFinish' | 'undo' | 'completes' | 'cancels', Command> &
  Pick<Reaction, 'with' | 'then' | 'orElse' | 'of'>;
