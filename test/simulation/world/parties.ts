import type { OutsideAnswer } from '@ballast/contracts';
import type { Plan } from './plan.js';
import type { Call, Parties } from './state.js';

/** Asks an outside party. A repeated key returns the first answer and does nothing twice. */
export function ask(
  parties: Parties,
  { orders }: Plan,
  { orderId, operation, round, call }: Call,
): OutsideAnswer {
  const key = `${orderId}:${operation}:${round}`;
  const known = parties.answers[key];
  if (known !== undefined) return known;
  const { gatewayDeclines, carrierRefusals } = orders.find(({ id }) => id === orderId)!;
  const answer = ((): OutsideAnswer => {
    switch (`${call.party} ${call.operation}`) {
      case 'card-gateway hold':
        if (gatewayDeclines === 'hold') return declined;
        move(parties, orderId, undefined, 'held');
        return { kind: 'accepted', body: { holdId: orderId } };
      case 'card-gateway capture':
        if (gatewayDeclines === 'capture') return declined;
        move(parties, orderId, 'held', 'captured');
        return { kind: 'accepted', body: { captureId: orderId } };
      case 'card-gateway void':
        move(parties, orderId, 'held', 'voided');
        return { kind: 'accepted', body: {} };
      case 'carrier label': {
        const asked = (parties.labels[orderId] ?? 0) + 1;
        parties.labels[orderId] = asked;
        return asked <= carrierRefusals ? declined : { kind: 'accepted', body: { trackingNumber: orderId } };
      }
      default:
        throw new Error(`nobody knows ${call.party} ${call.operation}`);
    }
  })();
  parties.answers[key] = answer;
  return answer;
}

const declined: OutsideAnswer = { kind: 'refused', code: 'NO' };

type Card = Parties['cards'][string];

function move(parties: Parties, orderId: string, from: Card | undefined, to: Card): void {
  if (parties.cards[orderId] !== from) {
    throw new Error(
      `the gateway was to turn ${orderId} from ${from} to ${to}, but it is ${parties.cards[orderId]}`,
    );
  }
  parties.cards[orderId] = to;
}
