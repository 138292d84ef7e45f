import { Cents, type Order, type PlaceOrder } from '@ballast/contracts';
import { placeOrderTwoPhase } from '@ballast/place-order';

export type Placing =
  | { readonly kind: 'accepted'; readonly order: Order }
  | {
      readonly kind: 'refused';
      readonly code: 'AMOUNT_TOO_LARGE' | 'CARD_NOT_PREPARABLE';
      readonly detail: string;
    };

/**
 * The order that a valid body asks for.
 * @param today what an absent `shipOn` means: the current day in UTC, `YYYY-MM-DD`
 */
export function place(body: PlaceOrder, today: string): Placing {
  const amountCents = amountOf(body.lines);
  if (amountCents > amountCentsMax) {
    return {
      kind: 'refused',
      code: 'AMOUNT_TOO_LARGE',
      detail: `the lines add up to ${amountCents} cents, more than ${amountCentsMax}`,
    };
  }
  const { customerId, lines, payment, address, shipOn = today } = body;
  const order = { customerId, lines, amountCents, payment, address, shipOn };
  if (body.protocol === 'two-phase' && placeOrderTwoPhase.unpreparable(order) !== null)
    return { kind: 'refused', code: 'CARD_NOT_PREPARABLE', detail: unpreparable };
  return { kind: 'accepted', order };
}

/**
 * Equal for two bodies that ask for the same, whatever the order of their keys: what "the same body" means under an
 * idempotency key. An absent `shipOn` stays absent, or a retry after midnight would be another body.
 */
export function fingerprint(body: PlaceOrder): string {
  const { customerId, lines, payment, address, shipOn, protocol } = body;
  return JSON.stringify([
    protocol,
    customerId,
    payment.kind === 'card' ? ['card', payment.token] : ['wallet'],
    [address.zone, address.name, address.street, address.city, address.postalCode],
    shipOn ?? null,
    lines.map(line => [line.sku, line.quantity, line.unitPriceCents]),
  ]);
}

const unpreparable =
  'a two-phase commit prepares everything before it decides: a card cannot be prepared, pay by wallet or choose another protocol';

const amountCentsMax = Cents.maxValue ?? Number.MAX_SAFE_INTEGER;

/** In cents; exact, as 100 lines at their limits stay below 2^53. */
const amountOf = (lines: PlaceOrder['lines']): number =>
  lines.reduce((sum, line) => sum + line.quantity * line.unitPriceCents, 0);
