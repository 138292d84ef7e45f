import type {
  CodeOf,
  Command,
  DataOf,
  Decision,
  OutsideAnswer,
  OutsideCall,
  ParticipantState,
  ReplyOf,
} from '@ballast/contracts';
import type { Queries } from '@ballast/platform';

export interface About {
  readonly orderId: string;
}

/** A command and the pure function that decides it. */
export interface Operation<C extends Command, State, Call extends OutsideCall> {
  readonly command: C;
  readonly decide: (
    state: State,
    data: DataOf<C>,
    about: About,
  ) => Decision<State, ReplyOf<C>, CodeOf<C>, Call>;
  /** Decides on the outside party's answer, when `decide` returned a call. */
  readonly answered?: (
    state: State,
    answer: OutsideAnswer,
    data: DataOf<C>,
    about: About,
  ) => Decision<State, ReplyOf<C>, CodeOf<C>, Call>;
}

/** The rule that the barrier holds an operation to. */
export type Guarded<State, Call extends OutsideCall> =
  | {
      readonly rule: 'undoable';
      readonly do: AnyOperation<State, Call>;
      readonly undo: AnyOperation<State, Call>;
    }
  | { readonly rule: 'pivot'; readonly do: AnyOperation<State, Call> }
  | { readonly rule: 'must-finish'; readonly do: AnyOperation<State, Call> };

// The commands of one participant differ in type; the definition checks each where it is written.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyOperation<State, Call extends OutsideCall> = Operation<any, State, Call>;

/** Loads and saves what a pass decides on: one statement per table, sent without awaiting each other where possible. */
export interface ParticipantStorage<Own, Shared, Entry> {
  /** The orders' own records. Only the lane's owner writes them, so they need no locks. */
  loadOwn(tx: Queries, orderIds: readonly string[]): Promise<Map<string, Own>>;
  /**
   * Locks (`ORDER BY key FOR NO KEY UPDATE`) and loads shared records. `demand` says how many operations of the pass
   * name each key. With `skip`, `locked` lists the asked keys that exist but that somebody else holds; a key in
   * neither does not exist.
   */
  loadShared(
    tx: Queries,
    demand: ReadonlyMap<string, number>,
    locks: 'wait' | 'skip',
  ): Promise<{ found: Map<string, Shared>; locked: ReadonlySet<string> }>;
  save(
    tx: Queries,
    changes: {
      readonly own: ReadonlyMap<string, Own>;
      readonly shared: ReadonlyMap<string, Shared>;
      readonly appended: readonly Entry[];
    },
  ): Promise<void>;
}

/**
 * A participant: which command goes to which domain function, under which rule, and where its records live.
 * The barrier, the replies and the outside calls are added around it by `ParticipantHandler`.
 */
export interface Participant<Own, Shared = never, Entry = never, Call extends OutsideCall = never> {
  readonly name: string;
  readonly storage: ParticipantStorage<Own, Shared, Entry>;
  /** The shared records that a command needs, from its data and from the order's own record. */
  readonly keys: (command: { type: string; data: unknown }, own: Own | undefined) => readonly string[];
  readonly operations: readonly Guarded<ParticipantState<Own, Shared, Entry>, Call>[];
}

/** Ties a command to its decision; `answered` when the decision may ask an outside party. */
export function on<C extends Command, State, Call extends OutsideCall = never>(
  command: C,
  decide: Operation<C, State, Call>['decide'],
  answered?: Operation<C, State, Call>['answered'],
): Operation<C, State, Call> {
  return answered === undefined ? { command, decide } : { command, decide, answered };
}

/** A do before the pivot and its undo, which share one barrier. */
export const undoable = <State, Call extends OutsideCall>(
  operation: AnyOperation<State, Call>,
  undo: AnyOperation<State, Call>,
): Guarded<State, Call> => ({ rule: 'undoable', do: operation, undo });

/** The operation after which the order goes forward only. Its first definite answer is kept. */
export const pivot = <State, Call extends OutsideCall>(
  operation: AnyOperation<State, Call>,
): Guarded<State, Call> => ({
  rule: 'pivot',
  do: operation,
});

/** An operation after the pivot: only its success is kept, a refusal is tried again. */
export const mustFinish = <State, Call extends OutsideCall>(
  operation: AnyOperation<State, Call>,
): Guarded<State, Call> => ({ rule: 'must-finish', do: operation });
