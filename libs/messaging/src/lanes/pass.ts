import { deadLettersTopic } from '@ballast/contracts';
import { type Connection, type Queries, sqlStateOf } from '@ballast/platform';
import { createMessage, encode, RecordTooLarge } from '../envelope.js';
import { reached } from '../moments.js';
import { FirstFailure } from '../storage/first-failure.js';
import type { OutboxRow } from '../outbox/publisher.js';
import { statements } from '../storage/statements.js';
import { errorOf, insertDeadLetters, insertHeld } from './bad-messages.js';
import { type HeldItem, type Item, type LogItem, orderIdOf, workOf } from './item.js';
import type { BlockReason, Lane } from './lane.js';
import { type Timeliness, untimely } from './untimely.js';
import { type Pass, type PassResult, PoisonedWork, type Work } from './work.js';

export interface PassSettings extends Timeliness {
  readonly service: string;
}

/** What one pass is made from. */
export interface PassInput {
  readonly items: readonly Item[];
  readonly lanes: ReadonlyMap<number, Lane>;
  /** Outbox rows that are known to be on their topic. */
  readonly published: readonly { seq: number; lane: number }[];
  /** Items that a handler failed on: they go to the dead letters. */
  readonly poisoned: ReadonlyMap<Item, unknown>;
  readonly locks: Pass['locks'];
}

export type PassOutcome =
  | ({ readonly kind: 'committed' } & Committed)
  /** Somebody else has claimed these lanes, or their memory is wrong. Nothing was done. */
  | { readonly kind: 'fenced'; readonly lanes: ReadonlySet<number> }
  /** A shared row, or a whole table, stayed locked. Nothing was done. */
  | { readonly kind: 'locked'; readonly error: unknown }
  /** The handler failed on some items. Nothing was done. */
  | { readonly kind: 'poisoned'; readonly causes: ReadonlyMap<Item, unknown> }
  /** The business save failed because of what is in one of the items. Nothing was done. */
  | { readonly kind: 'data-error'; readonly error: unknown };

export interface Committed {
  readonly rows: readonly OutboxRow[];
  readonly result: PassResult;
  readonly blocked: ReadonlyMap<string, { lane: number; reason: BlockReason }>;
  readonly unblocked: ReadonlySet<string>;
  /** Items that stay with the loop: they wait for rows that somebody else holds. */
  readonly again: readonly Item[];
  readonly deadLetters: number;
  readonly now: Date;
}

/** The COMMIT was sent and not answered: nobody knows whether it happened. */
export class CommitOutcomeUnknown extends Error {
  override readonly name = 'CommitOutcomeUnknown';
}

class DataError extends Error {}

const lockNotAvailable = '55P03';

/** Who handles the work of a pass. */
export interface PassHandler {
  /** Sends what reads the work will need: behind the statement that opens the pass, in the same write. */
  prefetch(work: readonly Work[], tx: Queries): void;
  process(work: readonly Work[], pass: Pass): Promise<PassResult>;
}

/**
 * One transaction for everything that waits: locks the lanes, moves positions, deduplicates, lets the handler load,
 * decide and save, and stores what is to be sent. The session's lock_timeout bounds every wait in it.
 * Rejects for errors that are nobody's fault: the transaction is rolled back, unless CommitOutcomeUnknown says so.
 */
export async function runPass(
  db: Connection,
  settings: PassSettings,
  input: PassInput,
  handler: PassHandler,
): Promise<PassOutcome> {
  try {
    // Errors are told apart by their cause, not by what fails behind it.
    const tx = new FirstFailure(db);
    const opened = await open(tx, input, handler);
    if (opened.kind === 'fenced') {
      await db.query({ text: 'ROLLBACK' });
      return opened;
    }
    reached('pass opened');
    const sorted = sort(input, opened, settings);
    const byWork = new Map(sorted.work.map(item => [workOf(item), item]));
    const pass = passFor(tx, opened.now, input.locks);
    const result = byWork.size === 0 ? nothing : await handler.process([...byWork.keys()], pass);
    reached('pass decided');
    return await save(db, tx, settings, sorted, byWork, result, opened.now);
  } catch (error) {
    if (error instanceof CommitOutcomeUnknown) throw error;
    await db.query({ text: 'ROLLBACK' });
    if (error instanceof PoisonedWork) return { kind: 'poisoned', causes: blamed(error, input.items) };
    if (sqlStateOf(error) === lockNotAvailable) return { kind: 'locked', error };
    if (error instanceof DataError || error instanceof RecordTooLarge) {
      return { kind: 'data-error', error: error instanceof DataError ? error.cause : error };
    }
    throw error;
  }
}

const nothing: PassResult = { send: [], hold: [], timers: [] };

interface Opened {
  readonly kind: 'opened';
  readonly now: Date;
  /** Ids that the inbox did not know. */
  readonly fresh: Set<string>;
  /** Held rows that are still there. */
  readonly waiting: ReadonlySet<number>;
}

async function open(
  tx: FirstFailure,
  { items, lanes, published }: PassInput,
  handler: PassHandler,
): Promise<Opened | (PassOutcome & { kind: 'fenced' })> {
  const numbers = [...new Set([...items, ...published].map(({ lane }) => lane))].sort((a, b) => a - b);
  const log = items.filter(item => item.from === 'log');
  const moves = movesOf(log);
  const messages = log.flatMap(({ message }) => (message === null ? [] : [message]));

  const begun = tx.query({ text: 'BEGIN' });
  const opening = tx.query<OpenedRow>(
    statements.statement('open-pass', [
      numbers,
      numbers.map(lane => lanes.get(lane)?.epoch ?? -1),
      moves.map(({ lane }) => lane),
      moves.map(({ topic }) => topic),
      moves.map(({ lane, topic }) => lanes.get(lane)?.next.get(topic) ?? -1),
      moves.map(({ next }) => next),
      messages.map(({ id }) => id),
      messages.map(({ time }) => time),
      published.map(({ seq }) => seq),
      items.flatMap(item => (item.from === 'held' ? [item.seq] : [])),
    ]),
  );
  const readable = items.filter(item => orderIdOf(item) !== null);
  if (readable.length > 0) handler.prefetch(readable.map(workOf), tx);

  const [, { rows }] = await tx.all([begun, opening]);
  const { now, owned, moved, fresh, waiting } = rows[0]!;
  const lost = new Set(numbers);
  for (const lane of owned ?? []) lost.delete(lane);
  const right = new Set(moved);
  for (const { lane, topic } of moves) if (!right.has(`${lane}/${topic}`)) lost.add(lane);
  if (lost.size > 0) return { kind: 'fenced', lanes: lost };
  return {
    kind: 'opened',
    now,
    fresh: new Set(fresh ?? messages.map(({ id }) => id)),
    waiting: new Set(waiting),
  };
}

/** What open-pass.sql did. Empty arrays arrive as null; so does `fresh` when all ids are. */
interface OpenedRow {
  readonly now: Date;
  readonly owned: readonly number[] | null;
  readonly moved: readonly string[] | null;
  readonly fresh: readonly string[] | null;
  readonly waiting: readonly number[] | null;
}

function movesOf(items: readonly LogItem[]): { lane: number; topic: string; next: number }[] {
  const moves = new Map<string, { lane: number; topic: string; next: number }>();
  for (const { lane, topic, offset } of items)
    moves.set(`${topic}/${lane}`, { lane, topic, next: offset + 1 });
  return [...moves.values()];
}

interface Sorted {
  /** In arrival order. */
  readonly work: Item[];
  readonly dead: { item: Item; error: unknown; blocks: boolean }[];
  readonly toHold: { item: LogItem; reason: BlockReason }[];
  readonly blocked: Map<string, { lane: number; reason: BlockReason }>;
  /** Timers of orders that have to wait. */
  readonly postponed: Item[];
}

/** Tells work from doubles, from what is dead and from what has to wait behind an earlier message of its order. */
function sort(
  { items, lanes, poisoned }: PassInput,
  { fresh, waiting, now }: Opened,
  settings: PassSettings,
): Sorted {
  const sorted: Sorted = { work: [], dead: [], toHold: [], blocked: new Map(), postponed: [] };
  const bury = (item: Item, error: unknown, blocks: boolean) => {
    sorted.dead.push({ item, error, blocks });
    const orderId = orderIdOf(item);
    if (blocks && orderId !== null) sorted.blocked.set(orderId, { lane: item.lane, reason: 'behind-poison' });
  };
  for (const item of items) {
    if (item.from === 'log') {
      if (item.message === null) {
        bury(item, item.undecodable, false);
        continue;
      }
      // Deleted at once: the second copy within this pass is a double too.
      if (!fresh.delete(item.message.id)) continue;
      const stale = untimely(item.message.time, now, settings);
      if (stale !== null) {
        bury(item, new Error(stale), true);
        continue;
      }
    } else if (item.from === 'held' && !waiting.has(item.seq)) {
      continue; // done already
    }
    const orderId = orderIdOf(item)!;
    if (poisoned.has(item)) {
      bury(item, poisoned.get(item), true);
      continue;
    }
    const reason = sorted.blocked.get(orderId)?.reason ?? lanes.get(item.lane)?.blocked.get(orderId);
    if (reason !== undefined && item.from === 'log') sorted.toHold.push({ item, reason });
    else if (reason !== undefined && item.from === 'timer') sorted.postponed.push(item);
    else if (reason === 'behind-poison' && item.from === 'held') continue;
    else sorted.work.push(item);
  }
  return sorted;
}

function passFor(tx: FirstFailure, now: Date, locks: Pass['locks']): Pass {
  return {
    tx,
    now,
    locks,
    // The whole session has a lock timeout: nothing else in a pass waits for long, either.
    underLockTimeout: async load => (await tx.all([load()]))[0],
    async businessSave(saveAll) {
      try {
        await tx.all([saveAll()]);
      } catch (error) {
        throw /^2[23]/.test(sqlStateOf(error) ?? '')
          ? new DataError('a business save failed', { cause: error })
          : error;
      }
    },
  };
}

async function save(
  db: Connection,
  tx: FirstFailure,
  settings: PassSettings,
  sorted: Sorted,
  byWork: ReadonlyMap<Work, Item>,
  result: PassResult,
  now: Date,
): Promise<PassOutcome> {
  const again: Item[] = [...sorted.postponed];
  const blocked = new Map(sorted.blocked);
  const toHold = [...sorted.toHold];
  const heldAgain = new Set<Item>();
  for (const work of result.hold) {
    const item = byWork.get(work)!;
    if (item.from === 'log') toHold.push({ item, reason: 'locked' });
    else if (item.from === 'held') heldAgain.add(item);
    else again.push(item);
    if (item.from !== 'submitted') blocked.set(orderIdOf(item)!, { lane: item.lane, reason: 'locked' });
  }
  const released = [...sorted.work, ...sorted.dead.map(({ item }) => item)].filter(
    (item): item is HeldItem => item.from === 'held' && !heldAgain.has(item),
  );
  const outgoing = outboxRows(sorted, result, settings, now);

  const rows = await commit(db, tx, [
    outgoing.length > 0 ? insertOutbox(tx, outgoing) : Promise.resolve([]),
    // First: a dead letter's place is before what is held behind it.
    sorted.dead.length > 0 ? insertDeadLetters(tx, sorted.dead) : undefined,
    toHold.length > 0 ? insertHeld(tx, toHold) : undefined,
    released.length > 0
      ? tx.query(statements.statement('delete-held', [released.map(({ seq }) => seq)]))
      : undefined,
  ]);
  const unblocked = new Set(released.map(({ orderId }) => orderId).filter(orderId => !blocked.has(orderId)));
  return {
    kind: 'committed',
    rows,
    result,
    blocked,
    unblocked,
    again,
    deadLetters: sorted.dead.length,
    now,
  };
}

/** Sends COMMIT right behind the last statements: one that fails turns it into a ROLLBACK. */
async function commit<First>(
  db: Connection,
  tx: FirstFailure,
  last: readonly [Promise<First>, ...unknown[]],
): Promise<First> {
  const committing = db.query({ text: 'COMMIT' });
  const saving = tx.all(last);
  const [commit, saved] = await Promise.allSettled([committing, saving]);
  if (commit.status === 'rejected') {
    throw new CommitOutcomeUnknown(`COMMIT was not answered: ${String(commit.reason)}`, {
      cause: commit.reason,
    });
  }
  if (saved.status === 'rejected') throw saved.reason;
  if (commit.value.command !== 'COMMIT')
    throw new Error(`the transaction was rolled back at COMMIT (${commit.value.command})`);
  return saved.value[0] as First;
}

function outboxRows(
  { work, dead }: Sorted,
  result: PassResult,
  { service }: PassSettings,
  now: Date,
): Omit<OutboxRow, 'seq'>[] {
  const laneByOrder = new Map(work.map(item => [orderIdOf(item), item.lane]));
  const rows = result.send.map(({ topic, message }) => {
    const lane = laneByOrder.get(message.subject);
    if (lane === undefined)
      throw new TypeError(`a ${message.type} was sent for an order that the pass did not handle`);
    return { lane, topic, key: message.subject, value: encode(message) };
  });
  for (const { item, error } of dead) {
    const orderId = orderIdOf(item) ?? 'unknown';
    const message = createMessage({
      at: now,
      type: 'ballast.dead-lettered',
      source: `/${service}`,
      subject: orderId,
      data: { lane: item.lane, from: item.from, error: errorOf(error).message, ...placeOf(item) },
    });
    rows.push({ lane: item.lane, topic: deadLettersTopic, key: orderId, value: encode(message) });
  }
  return rows;
}

const placeOf = (item: Item) => (item.from === 'log' ? { topic: item.topic, offset: item.offset } : {});

async function insertOutbox(db: Queries, rows: readonly Omit<OutboxRow, 'seq'>[]): Promise<OutboxRow[]> {
  const inserted = await db.query<{ seq: number }>(
    statements.statement('insert-outbox', [
      rows.map(({ lane }) => lane),
      rows.map(({ topic }) => topic),
      rows.map(({ key }) => key),
      rows.map(({ value }) => value).join('\n'),
    ]),
  );
  return rows.map((row, index) => ({ ...row, seq: inserted.rows[index]!.seq }));
}

function blamed({ causes }: PoisonedWork, items: readonly Item[]): Map<Item, unknown> {
  const found = new Map<Item, unknown>();
  for (const [work, cause] of causes) {
    const item = items.find(candidate => same(candidate, work));
    // Whoever wraps work in another object takes from us what we need to go on.
    if (item === undefined) throw new TypeError('a handler blamed work that it was not given', { cause });
    found.set(item, cause);
  }
  return found;
}

function same(item: Item, work: Work): boolean {
  if (work.kind === 'message') {
    return (item.from === 'log' || item.from === 'held') && item.message === work.message;
  }
  if (work.kind === 'timer') return item.from === 'timer' && item.orderId === work.orderId;
  return item.from === 'submitted' && item.payload === work.payload;
}
