import { type Answer, writtenOrderId } from '@ballast/contracts';

type Instant = number;

/**
 * A participant's branch of a two-phase commit. Plain JSON: a row of the lane's, never of the prepared transaction,
 * where nobody could read it. The prepared transaction holds the business rows and one marker row, which says after
 * the fact whether it was committed.
 *
 *     (none) -> registered -> prepared -> committing  -> committed
 *        \          \             \
 *         \          +-------------+----> rolling-back -> rolled-back
 *          +-------------------------------------------->
 */
export interface LocalBranch {
  readonly orderId: string;
  /** The participant's name in the definition. */
  readonly name: string;
  /** What the coordinator sent with the prepare: enough to do the work again after a crash. Null if none came. */
  readonly order: unknown;
  readonly state: LocalBranchState;
}

export type LocalBranchState =
  /** Written before PREPARE TRANSACTION: whether there is a prepared transaction is not known. */
  | { readonly kind: 'registered'; readonly attempt: number }
  /** The vote is yes. From here on nobody here decides anything: age only says when to ask. */
  | { readonly kind: 'prepared'; readonly askAt: Instant; readonly asked: number }
  /** The coordinator has decided; `attempt` is that of its message that waits for its answer. */
  | { readonly kind: 'committing'; readonly attempt: number | null }
  | {
      readonly kind: 'rolling-back';
      /** The coordinator's message that waits for its answer. */
      readonly attempt: number | null;
      /** Our own no, which is answered to that prepare once nothing is prepared any more. */
      readonly no: { readonly attempt: number; readonly code: string } | null;
    }
  | { readonly kind: 'committed' }
  /** Also a rollback that came before its prepare, which it refuses for good. `code`: our own no. */
  | { readonly kind: 'rolled-back'; readonly code: string | null };

/** What the marker row says: written by the prepared transaction, or by a rollback that found none, to block it. */
export type Marker = 'committed' | 'blocked' | 'absent';

export type BranchEvent =
  /** The coordinator's messages. */
  | {
      readonly kind: 'prepare';
      readonly attempt: number;
      readonly order: unknown;
      readonly deadlineAt: Instant | null;
    }
  | { readonly kind: 'commit' | 'abort'; readonly attempt: number }
  /** PREPARE TRANSACTION has succeeded. */
  | { readonly kind: 'prepared' }
  /** The domain has refused; the transaction was rolled back without having been prepared. */
  | { readonly kind: 'refused'; readonly code: string; readonly detail?: string | undefined }
  /** A lock was not to be had, the connection was lost, ...: whether it was prepared is not known. */
  | { readonly kind: 'failed'; readonly code: string }
  /** COMMIT PREPARED or ROLLBACK PREPARED: was there a transaction of that name, and if not, what says the marker? */
  | { readonly kind: 'ended'; readonly found: boolean; readonly marker: Marker }
  /** After a restart, and from time to time: is our name among the database's prepared transactions? */
  | { readonly kind: 'looked'; readonly listed: boolean }
  /** An operator has decided alone, and answers for it: honoured only while the branch is in doubt. */
  | { readonly kind: 'overruled'; readonly outcome: 'commit' | 'rollback' }
  | { readonly kind: 'timer' };

export type BranchEffect =
  /**
   * In a transaction of its own: insert the marker row (if there is one already, the rollback came first: nothing is
   * done, and nothing is reported), do the work, PREPARE TRANSACTION. The branch is committed before.
   */
  | { readonly kind: 'do'; readonly order: unknown }
  /**
   * COMMIT PREPARED or ROLLBACK PREPARED. A rollback that finds nothing writes the blocking marker, unless there is
   * one, and reports what was there before.
   */
  | { readonly kind: 'end'; readonly outcome: 'commit' | 'rollback' }
  | {
      readonly kind: 'answer';
      readonly operation: 'prepare' | 'commit' | 'abort';
      readonly attempt: number;
      readonly answer: Answer;
    }
  /** Ask the coordinator, and obey. */
  | { readonly kind: 'ask' }
  /** Two participants may have decided differently: somebody has to look. */
  | { readonly kind: 'alarm'; readonly alarm: BranchAlarm; readonly detail: string };

export type BranchAlarm = 'DECISION_CONTRADICTED' | 'PREPARED_BUT_UNREGISTERED' | 'COMMITTED_WITHOUT_VOTE';

export interface BranchAdvanced {
  /** Null: nothing is known. The very same object when nothing has changed. */
  readonly branch: LocalBranch | null;
  readonly effects: readonly BranchEffect[];
}

export interface BranchPatience {
  readonly askAfterMs: number;
  readonly askAgainMs: number;
}

/** Locks are held meanwhile. */
export const defaultBranchPatience: BranchPatience = { askAfterMs: 5_000, askAgainMs: 5_000 };

/** The branch that an event is about, when there is no row of it yet. */
export interface Named {
  readonly orderId: string;
  readonly name: string;
}

/** When the branch has to be looked at again, if nothing comes before: its one timer. */
export const nextBranchDue = (branch: LocalBranch | null): Date | null =>
  branch?.state.kind === 'prepared' ? new Date(branch.state.askAt) : null;

/**
 * The name of the prepared transaction: under 200 bytes, and different for each service and database of one server,
 * which has one list of them all.
 */
export const gidOf = ({ orderId, name }: Named, database: string): string => `${name}:${orderId}@${database}`;

/**
 * How the names of a participant's prepared transactions begin, up to the database's name: a regular expression for us
 * and for PostgreSQL. Somebody else's may look nearly like ours; the order's id is a UUID in lower case.
 */
export const gidPattern = (name: string): string => `^${name}:${writtenOrderId}@`;

/** The order that a prepared transaction of the participant is about; null for a name that is none of ours. */
export function orderOfGid(gid: string, name: string, database: string): string | null {
  const [ours] = new RegExp(gidPattern(name)).exec(gid) ?? [];
  if (ours === undefined || gid.slice(ours.length) !== database) return null;
  return ours.slice(name.length + 1, -1);
}
