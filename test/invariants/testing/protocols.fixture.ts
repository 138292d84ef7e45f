import type { Reaction } from '@ballast/choreography';
import { orderPlaced, type Protocol } from '@ballast/contracts';
import { placeOrderTwoPhase } from '@ballast/place-order';
import type { BranchState, State } from '@ballast/two-phase';
import type { Dossier } from '../reading/dossier.js';
import { choreography, flows, noticeType } from '../reading/flow.js';
import { barrier, cancelledOrder, completedOrder, id, message, pair } from './dossiers.fixture.js';

/** An order that went through, and one whose address is not served, under each protocol. */
export const completedUnder: Readonly<Record<Protocol, Dossier>> = {
  orchestrated: completedOrder(),
  choreographed: choreographed(completedOrder(), 'COMPLETED'),
  tcc: coordinated('tcc', completedOrder(), 'committed'),
  'two-phase': prepared(coordinated('two-phase', completedOrder(), 'committed')),
};
export const cancelledUnder: Readonly<Record<Protocol, Dossier>> = {
  orchestrated: cancelledOrder(),
  choreographed: choreographed(cancelledOrder(), 'CANCELLED'),
  tcc: coordinated('tcc', cancelledOrder(), 'aborted'),
  'two-phase': prepared({
    ...coordinated('two-phase', cancelledOrder(), 'aborted'),
    reservation: null,
    payment: null,
    postings: [],
  }),
};

/** Shipping is who says no. */
function coordinated(
  protocol: 'tcc' | 'two-phase',
  dossier: Dossier,
  kind: 'committed' | 'aborted',
): Dossier {
  const { branches, afterwards, name, version } = flows[protocol];
  const commits = kind === 'committed';
  const states = branches.map(({ name }): BranchState => {
    if (!commits && name === 'shipping')
      return { name, prepare: { is: 'no', attempts: 1, code: dossier.order!.reason! } };
    const prepare = { is: 'yes', attempts: 1, reply: {} } as const;
    return { name, prepare, [commits ? 'commit' : 'abort']: { is: 'done', attempts: 1 } };
  });
  const state: State = commits
    ? {
        kind,
        branches: states,
        afterwards: afterwards.map(step => ({ name: step.name, do: { is: 'done', attempts: 1 } })),
      }
    : { kind: 'aborted', reason: dossier.order!.reason!, branches: states };
  const asked = branches.flatMap(branch => {
    const [question, answer] = pair(branch.prepare.type);
    if (!commits && branch.name === 'shipping') return [question!, { ...answer!, outcome: 'rejected' }];
    return [question!, answer!, ...pair((commits ? branch.commit : branch.abort).type)];
  });
  return {
    ...dossier,
    order: { ...dossier.order!, protocol },
    saga: { ...dossier.saga!, definition: name, version, state },
    messages: [
      message('orchestrator.start'),
      ...asked.map(found => ({ ...found, attempt: 1 })),
      ...(commits
        ? afterwards.flatMap(step => pair(step.do.type))
        : pair(noticeType).map(found => ({ ...found, attempt: null }))),
    ],
  };
}

/** With the branches of its participants, and only the barriers of what was not prepared. */
function prepared(dossier: Dossier): Dossier {
  const commits = dossier.order!.status === 'COMPLETED';
  return {
    ...dossier,
    branches: placeOrderTwoPhase.branches.map(({ name }) => ({
      orderId: id,
      participant: name,
      state: commits ? 'committed' : 'rolled-back',
      alarm: null,
      marker: commits ? 'committed' : null,
    })),
    barriers: [barrier(commits ? 'shipping.dispatch' : noticeType, 'answered', 'done')],
  };
}

/** Everybody has heard everything, and done what it is for. */
function choreographed(dossier: Dossier, status: 'COMPLETED' | 'CANCELLED'): Dossier {
  const cancelled = status === 'CANCELLED';
  const outcomes = choreography.reactions.flatMap(reaction => outcomeOf(reaction, cancelled));
  const events = [
    orderPlaced.type,
    ...outcomes.flatMap(({ reaction, is }) => {
      const event = is === 'rejected' ? reaction.orElse : reaction.then;
      return event === null ? [] : [event.type];
    }),
  ];
  const participants = ['order', 'inventory', 'payment', 'shipping'];
  return {
    ...dossier,
    order: { ...dossier.order!, protocol: 'choreographed' },
    saga: null,
    reactions: participants.map(participant => ({
      orderId: id,
      participant,
      open: false,
      parked: null,
      facts: events.map(event => ({ event, data: null })),
      reactions: Object.fromEntries(
        outcomes
          .filter(({ reaction }) => reaction.participant === participant)
          .map(({ reaction, is }) => [
            reaction.command.type,
            is === 'rejected' ? { is, code: dossier.order!.reason! } : { is },
          ]),
      ),
      watch:
        participant === 'order'
          ? { state: cancelled ? 'cancelled' : 'completed', requested: null, heardAt: 0, parked: null }
          : null,
    })),
    messages: events.map(type => {
      const source = type.slice(0, type.indexOf('.'));
      return message(type, { topic: `${source}.events`, source: `/${source}`, attempt: null });
    }),
    barriers: dossier.barriers.map(row =>
      row.operation === noticeType ? { ...row, state: 'answered' } : row,
    ),
  };
}

function outcomeOf(
  reaction: Reaction,
  cancelled: boolean,
): { reaction: Reaction; is: 'done' | 'rejected' }[] {
  const happens: Readonly<Record<Reaction['kind'], boolean>> = {
    do: true,
    pivot: !cancelled,
    'must-finish': !cancelled,
    completes: !cancelled,
    undo: cancelled,
    cancels: cancelled,
  };
  if (!happens[reaction.kind]) return [];
  return [{ reaction, is: cancelled && reaction.command.type === 'shipping.book' ? 'rejected' : 'done' }];
}
