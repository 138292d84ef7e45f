/**
 * What a participant decides on: the order's own record, the shared records that the operation named (by key),
 * and nothing else. Decisions return the next state; shared records that were not replaced are not saved.
 */
export interface ParticipantState<Own, Shared = never, Entry = never> {
  readonly own: Own | undefined;
  readonly shared: ReadonlyMap<string, Shared>;
  /** Append-only records that this decision adds, such as ledger postings. Empty when handed in. */
  readonly appended: readonly Entry[];
}

/**
 * What a participant's domain function decides, as a value. It returns the whole next state and never changes its
 * argument.
 */
export type Decision<State, Reply, Code extends string = never, Call = never> =
  | { readonly kind: 'done'; readonly state: State; readonly reply: Reply }
  /** A business refusal, with the state when it has to be remembered. */
  | {
      readonly kind: 'rejected';
      readonly code: Code;
      readonly detail?: string | undefined;
      readonly state?: State;
    }
  /** Could not be done now; worth another attempt. For undo and must-finish operations, which may not reject. */
  | { readonly kind: 'refused'; readonly code: string; readonly detail?: string | undefined }
  /** An outside party has to answer first; the state says that it was asked. */
  | { readonly kind: 'call'; readonly state: State; readonly call: Call }
  /** The order's open outside call has to be answered first; decide again then. */
  | { readonly kind: 'wait' };

/** A request to an outside party, made durably after the decision is committed, once per order and operation. */
export interface OutsideCall<
  Party extends string = string,
  Operation extends string = string,
  Request = unknown,
> {
  readonly party: Party;
  readonly operation: Operation;
  readonly request: Request;
}

/** The definite answer of an outside party. Errors and unknown outcomes are asked again and never get this far. */
export type OutsideAnswer =
  | { readonly kind: 'accepted'; readonly body: unknown }
  | { readonly kind: 'refused'; readonly code: string; readonly detail?: string | undefined };

export const done = <State, Reply>(state: State, reply: Reply) => ({ kind: 'done', state, reply }) as const;

export const rejected = <Code extends string>(code: Code, detail?: string) =>
  ({ kind: 'rejected', code, detail }) as const;

export const refused = (code: string, detail?: string) => ({ kind: 'refused', code, detail }) as const;

export const call = <State, Call>(state: State, request: Call) =>
  ({ kind: 'call', state, call: request }) as const;

export const wait = { kind: 'wait' } as const;
