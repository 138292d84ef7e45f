import type { Protocol, ServiceName } from '@ballast/contracts';
import type { Need, Limits } from './limits.js';
import type { Dossier } from './reading/dossier.js';
import type { Snapshot } from './reading/snapshot.js';
import type { TopicLog } from './reading/topic-log.js';

/** One invariant: its name is the sentence that must hold. */
export interface Rule {
  readonly name: string;
  /** What it takes to prove it. */
  readonly needs: readonly Need[];
  /** The protocols whose orders it looks at; all of them when it does not say. */
  readonly of?: readonly Protocol[];
  /** Looks at one order. Pure, but for what it notes. */
  readonly order?: (dossier: Dossier, notes: Notes) => void;
  /** Whether `order` is to see orders that have not ended, whether or not they should have. */
  readonly seesUnended?: true;
  /** Looks at databases and topics as wholes. */
  readonly whole?: (judged: Judged, notes: Notes) => Promise<void>;
}

/** One moment of a stack. */
export interface Judged {
  readonly databases: Readonly<Record<ServiceName, Snapshot>>;
  readonly topics: TopicLog;
  readonly limits: Limits;
  readonly expected: Expected;
}

/** What the run knows and no database tells. */
export interface Expected {
  /** Orders that the API acknowledged: each must exist. */
  readonly acknowledged: readonly string[];
  /** Ids of messages that were poisoned on purpose: their dead letters are explained. */
  readonly poison: ReadonlySet<string>;
  /** Faults that were injected. */
  readonly faults: number;
}

export interface Violation {
  /** Null when no one order is to blame. */
  readonly orderId: string | null;
  readonly what: string;
}

/** More of one invariant are counted, and not kept. */
const violationsKept = 1_000;

/** What a rule found. */
export class Notes {
  readonly violations: Violation[] = [];
  readonly counts: Record<string, number> = {};
  violated = 0;

  /** Adds to the evidence. */
  count(name: string, by = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + by;
  }

  /** Keeps the largest. */
  most(name: string, value: number): void {
    this.counts[name] = Math.max(this.counts[name] ?? 0, value);
  }

  violate(orderId: string | null, what: string): void {
    this.violated++;
    if (this.violations.length < violationsKept) this.violations.push({ orderId, what });
  }
}
