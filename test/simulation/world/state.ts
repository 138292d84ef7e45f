import type { Progress } from '@ballast/choreography';
import type { OutsideAnswer, OutsideCall } from '@ballast/contracts';
import type { Message, Outgoing } from '@ballast/messaging';
import type { Barrier } from '@ballast/messaging/deciding';
import type { Instance as SagaInstance } from '@ballast/saga';
import type { BranchEvent, Hold, Instance as CommitInstance, LocalBranch, Marker } from '@ballast/two-phase';

export const nodeNames = ['order', 'inventory', 'payment', 'shipping', 'orchestrator'] as const;
export type NodeName = (typeof nodeNames)[number];
export type ByOrder<T> = Record<string, T>;

/**
 * Everything that there is: plain JSON, so that a state can be stored, copied, compared and gone on from. What a
 * process has in memory only is in `tasks` and `memory`; a crash takes these away, and nothing else.
 */
export interface State {
  now: number;
  readonly nodes: Record<NodeName, Node>;
  /**
   * Messages under way, by consumer, topic, order and sender; each list in its order. Two senders to one topic are in
   * no order until somebody reads them.
   */
  readonly ways: Record<string, Message[]>;
  readonly parties: Parties;
  readonly happened: Happened;
}

export interface Node {
  up: boolean;
  readonly outbox: Outgoing[];
  readonly tasks: Task[];
  readonly own: ByOrder<unknown>;
  readonly barriers: ByOrder<Record<string, Barrier>>;
  /** Records that several orders use, by key: stock, wallets, slots. */
  readonly shared: Record<string, unknown>;
  readonly entries: unknown[];
  readonly calls: Record<string, Call>;
  readonly progress: ByOrder<Progress>;
  readonly holds: ByOrder<Hold>;
  readonly branches: ByOrder<LocalBranch>;
  /** The database's prepared transactions. */
  readonly prepared: ByOrder<Prepared>;
  readonly markers: ByOrder<Marker>;
  readonly instances: ByOrder<SagaInstance | CommitInstance>;
  /** Instances that were advanced and not stored: a mutant's. */
  readonly memory: ByOrder<CommitInstance>;
  readonly cancelledEarly: ByOrder<true>;
}

/** What a process does beside its passes: it is lost when the process dies. */
export type Task =
  | { readonly kind: 'do'; readonly orderId: string; readonly order: unknown }
  | { readonly kind: 'end'; readonly orderId: string; readonly outcome: 'commit' | 'rollback' }
  /** The branch's transaction has ended, somehow: its row is to be brought up to date. */
  | { readonly kind: 'report'; readonly orderId: string; readonly event: BranchEvent };

/** A prepared transaction: its changes, which nobody sees, and its locks, which everybody does. */
export interface Prepared {
  readonly own: unknown;
  readonly shared: Readonly<Record<string, unknown>>;
  readonly entries: readonly unknown[];
  readonly locks: readonly string[];
}

export interface Call {
  readonly orderId: string;
  readonly operation: string;
  readonly round: number;
  readonly call: OutsideCall;
  readonly answer: OutsideAnswer | null;
}

/** The card gateway and the carrier: they remember every key. */
export interface Parties {
  readonly answers: Record<string, OutsideAnswer>;
  readonly cards: ByOrder<'held' | 'captured' | 'voided'>;
  readonly labels: ByOrder<number>;
}

export interface Happened {
  crashes: number;
  duplicates: number;
  earlyTimers: number;
  readonly cancelled: string[];
  /** Alarms, and whatever was thrown: none may ever come. */
  readonly alarms: string[];
}

export const emptyNode = (): Node => ({
  up: true,
  outbox: [],
  tasks: [],
  own: {},
  barriers: {},
  shared: {},
  entries: [],
  calls: {},
  progress: {},
  holds: {},
  branches: {},
  prepared: {},
  markers: {},
  instances: {},
  memory: {},
  cancelledEarly: {},
});
