import type { OutsideAnswer, OutsideCall } from '@ballast/contracts';
import type { Message, Participant } from '@ballast/messaging';
import {
  type AnswerItem,
  callKey,
  type CommandItem,
  Decider,
  PassMemory,
  type Reply,
  type Routes,
  routesOf,
} from '@ballast/messaging/deciding';
import { inventoryParticipant } from '@ballast/inventory/participant';
import { orderParticipant } from '@ballast/order/participant';
import { paymentParticipant } from '@ballast/payment/participant';
import { shippingParticipant } from '@ballast/shipping/participant';
import type { WorkItem } from '@ballast/two-phase';
import type { Call, Node, NodeName, Prepared } from './state.js';

/** An answer of a participant, and whether the pass changed the barrier of the operation that is answered. */
export interface Answered extends Reply {
  readonly changed: boolean;
}

export interface Pass {
  readonly node: Node;
  readonly now: number;
  /** A mutant: nothing is remembered of what was done. */
  readonly withoutBarrier: boolean;
}

/** The four services' own participants: their barriers and their pure decisions, over records in memory. */
export const participants: Partial<Record<NodeName, Running>> = {
  order: running(orderParticipant(nowhere())),
  inventory: running(inventoryParticipant(nowhere())),
  payment: running(paymentParticipant(nowhere())),
  shipping: running(shippingParticipant(nowhere())),
};

export interface Running {
  /** Hands a command to the barrier and the domain. */
  command(pass: Pass, message: Message): Answered[];
  /** An outside party has answered. */
  answer(pass: Pass, call: Call, answer: OutsideAnswer): Answered[];
  /** Decides the work of a branch, one command after the other; nothing is changed. */
  prepare(
    node: Node,
    orderId: string,
    work: readonly WorkItem[],
    input: unknown,
  ): Prepared | Refusal | 'locked';
}

export interface Refusal {
  readonly refused: string;
}

/** What the storage of a service would do is done here, with the state's records. */
function nowhere(): never {
  return undefined as never;
}

function running<Own, Shared, Entry, CallOf extends OutsideCall>(
  participant: Participant<Own, Shared, Entry, CallOf>,
): Running {
  const routes = routesOf(participant);
  const routeOf = (type: string) => routes.byType.get(type)!;
  const work = { kind: 'timer', lane: 0, orderId: '' } as const;

  function decide(pass: Pass, orderId: string, item: CommandItem | AnswerItem): Answered[] {
    const { node } = pass;
    const memory = memoryOf<Own, Shared, Entry>(pass, orderId, routes);
    const before = memory.order(orderId).barriers;
    const decider = new Decider(participant, routes, memory, new Date(pass.now));
    load(node, memory, decider.keysOf(item));
    let decided = decider.decide(item);
    while (decided.kind === 'unforeseen') {
      load(node, memory, decided.keys);
      decided = decider.decide(item);
    }
    if (decided.kind === 'locked') throw new Error('a saga met a lock');
    memory.accept(memory.order(orderId), decided);
    save(pass, memory);
    if (decided.alarms.length > 0 && !pass.withoutBarrier)
      throw new Error(`alarm: ${decided.alarms[0]!.kind}`);
    const after = memory.order(orderId).barriers;
    return decided.replies.map(reply => {
      const { place } = routeOf(reply.to.type);
      return { ...reply, changed: before[place] !== after[place] };
    });
  }

  return {
    command: (pass, message) =>
      decide(pass, message.subject, {
        kind: 'command',
        work,
        orderId: message.subject,
        route: routeOf(message.type),
        message,
      }),

    answer: (pass, { orderId, operation, round }, answer) =>
      decide(pass, orderId, {
        kind: 'answer',
        work,
        orderId,
        route: routeOf(operation),
        answered: { kind: 'answered', operation, round, attempt: 1, answer },
      }),

    prepare(node, orderId, items, input) {
      let own = node.own[orderId] as Own | undefined;
      const records = new Map<string, Shared>();
      const locks = new Set<string>();
      const entries: Entry[] = [];
      const done: Record<string, unknown> = {};
      for (const { do: command, with: dataOf } of items) {
        const data = dataOf(input as never, done as never);
        for (const key of participant.keys({ type: command.type, data }, own)) {
          if (isLocked(node, key)) return 'locked';
          locks.add(key);
          const record = records.get(key) ?? (recordOf(node, key) as Shared | undefined);
          if (record !== undefined) records.set(key, record);
        }
        const state = { own, shared: records, appended: [] };
        const decision = routeOf(command.type).operation.decide(state as never, data as never, { orderId });
        if (decision.kind === 'rejected' || decision.kind === 'refused') return { refused: decision.code };
        if (decision.kind !== 'done') throw new Error(`${command.type} can't be prepared: it asks outside`);
        const next = decision.state as unknown as {
          own: Own;
          shared: Map<string, Shared>;
          appended: Entry[];
        };
        own = next.own;
        for (const [key, record] of next.shared) records.set(key, record);
        entries.push(...next.appended);
        done[command.type] = decision.reply;
      }
      return { own, shared: Object.fromEntries(records), entries, locks: [...locks] };
    },
  };
}

function memoryOf<Own, Shared, Entry>({ node, withoutBarrier }: Pass, orderId: string, routes: Routes) {
  const own = new Map(orderId in node.own ? [[orderId, node.own[orderId] as Own]] : []);
  const barriers = Object.entries(node.barriers[orderId] ?? {})
    .map(([operation, barrier]) => ({ orderId, operation, barrier }))
    // What waits for an outside party is part of that call, not of what is remembered.
    .filter(({ barrier: { kind } }) => !withoutBarrier || kind === 'waiting' || kind === 'undoing');
  const calls = Object.values(node.calls)
    .filter(call => call.orderId === orderId)
    .map(({ operation, round, answer }) => [callKey(orderId, operation), { round, answer }] as const);
  return new PassMemory<Own, Shared, Entry>(routes, new Map([[orderId, 0]]), {
    own,
    barriers,
    calls: new Map(calls),
  });
}

function load<Own, Shared, Entry>(
  node: Node,
  memory: PassMemory<Own, Shared, Entry>,
  keys: readonly string[],
): void {
  const found = new Map<string, Shared>();
  for (const key of keys) {
    const record = recordOf(node, key);
    if (record !== undefined) found.set(key, record as Shared);
  }
  memory.sharedLoaded(keys, found, new Set(keys.filter(key => isLocked(node, key))));
}

function save<Own, Shared, Entry>({ node }: Pass, memory: PassMemory<Own, Shared, Entry>): void {
  for (const [id, own] of memory.changedOwn()) node.own[id] = own;
  for (const { orderId, operation, barrier } of memory.changedBarriers()) {
    (node.barriers[orderId] ??= {})[operation] = barrier;
  }
  saveRecords(node, Object.fromEntries(memory.changedShared), memory.appended);
  for (const { orderId, answered } of memory.answeredCalls) {
    const key = callKey(orderId, answered.operation);
    node.calls[key] = { ...node.calls[key]!, answer: answered.answer };
  }
  for (const { orderId, operation, call } of memory.newCalls) {
    const key = callKey(orderId, operation);
    const round = (node.calls[key]?.round ?? 0) + 1;
    node.calls[key] = { orderId, operation, round, call, answer: null };
  }
}

/** What COMMIT PREPARED makes visible. */
export function apply(node: Node, orderId: string, { own, shared, entries }: Prepared): void {
  node.own[orderId] = own;
  saveRecords(node, shared, entries);
}

interface Slots {
  readonly key: string;
  readonly free: readonly number[];
}

const isSlots = (record: unknown): record is Slots => Array.isArray((record as Partial<Slots> | null)?.free);

/** Slots that are taken by a prepared transaction are passed by, as SKIP LOCKED does. */
function recordOf(node: Node, key: string): unknown {
  const record = node.shared[key];
  if (!isSlots(record)) return record;
  const takenIn = Object.values(node.prepared).flatMap(({ entries }) => entries as { slotId: number }[]);
  return { ...record, free: record.free.filter(slot => !takenIn.some(({ slotId }) => slotId === slot)) };
}

const isLocked = (node: Node, key: string): boolean =>
  !isSlots(node.shared[key]) && Object.values(node.prepared).some(({ locks }) => locks.includes(key));

/** Stock and wallets are saved as they are; of slots, only the changes are. */
function saveRecords(
  node: Node,
  shared: Readonly<Record<string, unknown>>,
  entries: readonly unknown[],
): void {
  for (const [key, record] of Object.entries(shared)) if (!isSlots(record)) node.shared[key] = record;
  for (const entry of entries) {
    const { kind, slotId } = entry as { kind: string; slotId: number };
    if (kind === 'taken' || kind === 'freed') changeSlots(node, kind, slotId);
    node.entries.push(entry);
  }
}

function changeSlots(node: Node, kind: 'taken' | 'freed', slotId: number): void {
  const slots = Object.values(node.shared).find(isSlots)!;
  if (slots.free.includes(slotId) === (kind === 'freed')) throw new Error(`slot ${slotId} is ${kind} twice`);
  const free = kind === 'freed' ? [...slots.free, slotId].sort() : slots.free.filter(slot => slot !== slotId);
  node.shared[slots.key] = { ...slots, free };
}
