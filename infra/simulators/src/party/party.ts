import type { JournalEntry } from '@ballast/contracts';

export type OperationName = JournalEntry['operation'];

/** A simulated outside party: what it can be asked for, and what it knows from what it did. */
export interface Party {
  readonly name: string;
  readonly operations: readonly Operation[];
  /** Called for all that is done, and at the start for all that was done before: the party's memory. */
  remember(entry: JournalEntry): void;
}

export interface Operation {
  readonly name: OperationName;
  /** The path of its POST, with Fastify's parameters. */
  readonly path: string;
  /** Throws `z.ZodError` when the body is not what the contract says. */
  read(params: Readonly<Record<string, string>>, body: unknown): Call;
}

/** One call, read but not yet decided on. */
export interface Call {
  /** What programmes can match. */
  readonly facts: { readonly token?: string; readonly reference?: string; readonly zone?: string };
  /** The request in one way of writing it: another one under the same key is refused. */
  readonly fingerprint: string;
  /** Decides, and changes nothing: that is `remember`'s, once the decision stands in the journal. */
  decide(declined: boolean): Verdict;
}

export type Verdict =
  /** Kept under the key for ever. */
  | {
      readonly definite: true;
      readonly outcome: JournalEntry['outcome'];
      readonly status: number;
      readonly body: object;
      readonly id: string | null;
      readonly about: string;
      readonly amountCents: number | null;
    }
  /** Nothing was done, such as on an unknown hold, or one that is voided already. Not kept: asked again, decided again. */
  | { readonly definite: false; readonly status: number; readonly body: object };

export const unknown = (detail: string): Verdict => ({
  definite: false,
  status: 404,
  body: { code: 'NOT_FOUND', detail },
});
