import {
  cancelledWhileWaiting,
  cutConnections,
  doubledRecords,
  everyday,
  type Fault,
  forgottenInbox,
  killedBeforeCommit,
  killedProcesses,
  lateParticipant,
  unansweredCalls,
  zombieOrchestrator,
} from './faults.js';
import type { Patch } from './mutated-tree.js';

/** The product with one protection switched off. */
export interface Mutant {
  readonly name: string;
  readonly patches: readonly Patch[];
  /** What makes the protection necessary. */
  readonly fault: Fault;
  /** The invariant that has to be violated then. */
  readonly caughtBy: string;
  /** Processes of each service, 1 by default. */
  readonly replicas?: number;
}

const answeredOnce = 'every command is answered once, as its barrier says';
const commandsAreTheSagas = 'every command is one that its saga has sent, and none is lost';
const servicesAgree = 'the services agree on how an order ended';
const nobodyPaysTwice = 'no order is charged, refunded or labelled twice';

const queries = 'libs/messaging/src/storage/queries';

export const mutants: readonly Mutant[] = [
  {
    name: 'inbox off: a double is handled like a new message',
    patches: [
      {
        file: `${queries}/open-pass.sql`,
        find: "coalesce(array_agg(message_id), '{}') END",
        replace: 'NULL::uuid[] END',
      },
    ],
    fault: doubledRecords,
    caughtBy: answeredOnce,
  },
  {
    name: 'positions off: a new owner reads its topics from their start',
    patches: [
      {
        file: `${queries}/load-positions.sql`,
        find: 'FROM lane_position WHERE',
        replace: 'FROM lane_position WHERE false AND',
      },
    ],
    fault: forgottenInbox,
    caughtBy: answeredOnce,
  },
  {
    name: 'fence off: a stopped replica goes on with lanes that others own',
    patches: [{ file: `${queries}/open-pass.sql`, find: 'WHERE l.epoch = g.epoch', replace: '' }],
    fault: zombieOrchestrator,
    replicas: 2,
    caughtBy: commandsAreTheSagas,
  },
  {
    name: 'barrier off: an undo does not wait for its do',
    patches: [
      {
        file: 'libs/messaging/dist/participant/barrier.js',
        find: ': settled({ ...barrier, undo: newest(barrier.undo, message) })',
        replace: ': settled(barrier, { to: message, answer: nothingToUndo })',
      },
    ],
    fault: cancelledWhileWaiting,
    caughtBy: servicesAgree,
  },
  {
    name: 'pending undo off: a step that timed out counts as not done',
    patches: [
      {
        file: 'libs/saga/dist/engine/advance.js',
        find: "doing.is === 'done' || doing.is === 'unknown'",
        replace: "doing.is === 'done'",
      },
    ],
    fault: lateParticipant,
    caughtBy: servicesAgree,
  },
  {
    name: 'publish before commit: messages go out while their transaction is open',
    patches: [
      {
        file: 'libs/messaging/dist/lanes/lane-loop.js',
        find: 'input, this.#passHandler)',
        replace: `input, { ...this.#passHandler, process: async (work, pass) => {
          const result = await this.#passHandler.process(work, pass);
          const lanes = new Map(work.map(item => [item.message?.subject ?? item.orderId, item.lane]));
          await this.#publisher.publish(result.send.map(({ topic, message }) => ({
            seq: -1, lane: lanes.get(message.subject), topic, key: message.subject,
            value: JSON.stringify({ specversion: '1.0', ...message }),
          })));
          await this.#publisher.settled();
          return result;
        } })`,
      },
    ],
    fault: killedBeforeCommit,
    caughtBy: commandsAreTheSagas,
  },
  {
    name: 'a compensation dropped: release answers, and releases nothing',
    patches: [
      {
        file: 'services/inventory/dist/domain/reservation.js',
        find: "return done(moved(state, reservation, 'released', releaseUnits, about), {});",
        replace: 'return done(state, {});',
      },
    ],
    fault: everyday,
    caughtBy: servicesAgree,
  },
  {
    name: 'idempotency key off: the gateway is asked again under another key',
    patches: [
      {
        file: 'services/payment/dist/card-gateway.js',
        find: "'idempotency-key': attempt.idempotencyKey,",
        replace: "'idempotency-key': `${attempt.idempotencyKey}:${performance.now()}`,",
      },
    ],
    fault: unansweredCalls,
    caughtBy: nobodyPaysTwice,
  },
];

/** All faults on the product as it is: nothing may be violated. */
export const control: readonly Fault[] = [
  everyday,
  doubledRecords,
  forgottenInbox,
  cancelledWhileWaiting,
  killedBeforeCommit,
  killedProcesses,
  lateParticipant,
  cutConnections,
  unansweredCalls,
  zombieOrchestrator,
];
