import { command, done, Nothing, type ParticipantState, rejected } from '@ballast/contracts';
import { twoPhase } from '@ballast/two-phase';
import { z } from 'zod';
import { on, type Participant, type ParticipantStorage, undoable } from '../participant/definition.js';

const takeSeat = command('cinema.take', {
  data: z.object({ seat: z.string() }),
  reply: Nothing,
  rejects: ['TAKEN'],
});
const freeSeat = command('cinema.free', { data: Nothing, reply: Nothing });

/** An evening out, of which the cinema is a part. */
export const evening = twoPhase('evening', { version: 1, input: z.object({ seat: z.string() }) }).branch(
  'cinema',
  branch => branch.does(takeSeat, ({ seat }) => ({ seat })),
);

interface Seat {
  readonly takenBy: string | null;
}
type State = ParticipantState<{ seat: string }, Seat>;

/** The participant. */
export const cinema = (
  storage: ParticipantStorage<{ seat: string }, Seat, never>,
): Participant<{ seat: string }, Seat> => ({
  name: 'cinema',
  storage,
  keys: ({ data }, own) => [own?.seat ?? (data as { seat: string }).seat],
  operations: [
    undoable(
      on(takeSeat, (state: State, { seat }, { orderId }) => {
        if (seat === 'broken') throw new TypeError('nobody can sit there');
        return state.shared.get(seat)?.takenBy === null
          ? done({ ...state, own: { seat }, shared: new Map([[seat, { takenBy: orderId }]]) }, {})
          : rejected('TAKEN');
      }),
      on(freeSeat, (state: State) => done(state, {})),
    ),
  ],
});

export const storage: ParticipantStorage<{ seat: string }, Seat, never> = {
  async loadOwn(tx, orderIds) {
    const { rows } = await tx.query<{ order_id: string; seat: string }>({
      text: 'SELECT order_id, seat FROM visit WHERE order_id = ANY ($1::uuid[])',
      values: [orderIds],
    });
    return new Map(rows.map(({ order_id, seat }) => [order_id, { seat }]));
  },
  async loadShared(tx, demand) {
    const { rows } = await tx.query<{ seat: string; taken_by: string | null }>({
      text: 'SELECT seat, taken_by FROM seat WHERE seat = ANY ($1) ORDER BY seat FOR NO KEY UPDATE',
      values: [[...demand.keys()]],
    });
    return { found: new Map(rows.map(row => [row.seat, { takenBy: row.taken_by }])), locked: new Set() };
  },
  async save(tx, { own, shared }) {
    for (const [orderId, { seat }] of own)
      await tx.query({ text: 'INSERT INTO visit VALUES ($1, $2)', values: [orderId, seat] });
    for (const [seat, { takenBy }] of shared)
      await tx.query({ text: 'UPDATE seat SET taken_by = $2 WHERE seat = $1', values: [seat, takenBy] });
  },
};
