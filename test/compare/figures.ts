/** What is measured of a protocol: docs/protocols.md says how. */
export interface Figures {
  readonly completed: number;
  readonly rejected: number;
  readonly ordersPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly messagesPerOrder: number;
  readonly transactionsPerOrder: number;
  readonly walBytesPerOrder: number;
  readonly cpuMsPerOrder: number;
  readonly lockHoldMs: number;
  readonly inDoubtMs: number;
  readonly dirtyReads: number;
  readonly oversellRefused: number;
  readonly exposureMs: number;
}

/** How an order came to its end, as its customer saw it. */
export interface Ending {
  readonly id: string;
  readonly status: 'PENDING' | 'COMPLETED' | 'CANCELLED';
  readonly reason: string | null;
  readonly durationMs: number;
}

/** What was spent on a slice: differences of the stack's counters. */
export interface Spent {
  readonly messages: number;
  readonly transactions: number;
  readonly walBytes: number;
  readonly cpuMs: number;
}

/** What a concurrent reader has seen during a slice. Milliseconds are added up over all orders. */
export interface Seen {
  /** Rows of goods and wallets that were locked, each for so long. */
  readonly lockedMs: number;
  /** Orders of which a participant had prepared or tried something, and was not told yet what becomes of it. */
  readonly inDoubtMs: number;
  /** Goods that were reserved for an order that had not got them yet. */
  readonly reservedMs: number;
  /** The participants, by order, whose part of it was seen. */
  readonly effects: ReadonlyMap<string, ReadonlySet<string>>;
}

/** A stretch of the list under one protocol. */
export interface Slice {
  readonly endings: readonly Ending[];
  /** From the first order's POST to the last one's end. */
  readonly ms: number;
  readonly spent: Spent;
  readonly seen: Seen;
}

/** Pure. Figures per order are over all orders that ended, completed or rejected. */
export function figuresOf(slices: readonly Slice[]): Figures {
  const endings = slices.flatMap(slice => slice.endings);
  const total = (of: (slice: Slice) => number) => slices.reduce((sum, slice) => sum + of(slice), 0);
  const perOrder = (of: (slice: Slice) => number, digits = 2) =>
    rounded(total(of) / Math.max(1, endings.length), digits);
  const having = (status: Ending['status']) => endings.filter(ending => ending.status === status).length;
  const durations = endings.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
  return {
    completed: having('COMPLETED'),
    rejected: having('CANCELLED'),
    ordersPerSecond: rounded(
      (endings.length * 1_000) /
        Math.max(
          1,
          total(({ ms }) => ms),
        ),
      1,
    ),
    p50Ms: rounded(percentile(durations, 0.5), 1),
    p99Ms: rounded(percentile(durations, 0.99), 1),
    messagesPerOrder: perOrder(({ spent }) => spent.messages),
    transactionsPerOrder: perOrder(({ spent }) => spent.transactions, 3),
    walBytesPerOrder: perOrder(({ spent }) => spent.walBytes, 0),
    cpuMsPerOrder: perOrder(({ spent }) => spent.cpuMs),
    lockHoldMs: perOrder(({ seen }) => seen.lockedMs),
    inDoubtMs: perOrder(({ seen }) => seen.inDoubtMs),
    dirtyReads: total(dirtyReadsIn),
    oversellRefused: endings.filter(({ reason }) => reason === 'OUT_OF_STOCK').length,
    exposureMs: perOrder(({ seen }) => seen.reservedMs),
  };
}

/** What was seen of orders that came to nothing: it was undone afterwards. */
function dirtyReadsIn({ endings, seen }: Slice): number {
  return endings
    .filter(({ status }) => status === 'CANCELLED')
    .reduce((sum, { id }) => sum + (seen.effects.get(id)?.size ?? 0), 0);
}

/** @param sorted ascending */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
