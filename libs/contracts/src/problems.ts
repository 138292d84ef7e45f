/**
 * Every error code that the HTTP interfaces answer with, as `code` in a problem+json body (RFC 9457).
 * docs/errors.md explains each; a test holds the two against each other.
 */
export const problems = registry({
  // Answered by the HTTP edge of every process.
  BAD_REQUEST: [400, 'The request is not valid'],
  MALFORMED_JSON: [400, 'The body is not valid JSON'],
  VALIDATION_FAILED: [400, 'The request does not match its schema'],
  ROUTE_NOT_FOUND: [404, 'There is nothing at this address'],
  METHOD_NOT_ALLOWED: [405, 'This address does not know the method'],
  REQUEST_TIMEOUT: [408, 'The request did not arrive in time'],
  BODY_TOO_LARGE: [413, 'The body is too large'],
  URI_TOO_LONG: [414, 'The address is too long'],
  UNSUPPORTED_MEDIA_TYPE: [415, 'The content type or coding is not supported'],
  EXPECTATION_FAILED: [417, 'What the request expects cannot be met'],
  HEADERS_TOO_LARGE: [431, 'The headers are too large'],
  INTERNAL_ERROR: [500, 'Something went wrong on our side'],
  UNAVAILABLE: [503, 'The service cannot answer now'],

  // Orders.
  IDEMPOTENCY_KEY_INVALID: [400, 'The Idempotency-Key is not valid'],
  IDEMPOTENCY_KEY_IN_FLIGHT: [409, 'A request with this Idempotency-Key is being handled'],
  IDEMPOTENCY_KEY_REUSED: [422, 'The Idempotency-Key was used for another request'],
  ORDER_NOT_FOUND: [404, 'There is no such order'],
  ORDER_ALREADY_ENDED: [409, 'The order has already ended'],
  UNKNOWN_SKU: [422, 'An article of the order is not known'],
  CARD_NOT_PREPARABLE: [422, 'A card cannot be prepared'],
  AMOUNT_TOO_LARGE: [422, 'The amount is too large'],
  CURSOR_INVALID: [400, 'The cursor is not valid'],

  RATE_LIMITED: [429, 'Too many orders of this customer'],
  DEADLINE_PASSED: [504, 'The deadline of the request has passed'],

  // Stock, accounts, shipments.
  SKU_NOT_FOUND: [404, 'There is no such article'],
  STOCK_LIMIT_EXCEEDED: [422, 'There would be more stock than can be counted'],
  RESERVATION_NOT_FOUND: [404, 'The order has no goods'],
  ACCOUNT_NOT_FOUND: [404, 'There is no such account'],
  BALANCE_LIMIT_EXCEEDED: [422, 'The balance would be too large'],
  AUTHORIZATION_NOT_FOUND: [404, 'The order has no payment'],
  SHIPMENT_NOT_FOUND: [404, 'The order has no shipment'],
  CAPACITY_NOT_FOUND: [404, 'There is no carrier capacity for this zone and day'],

  // Sagas.
  SAGA_NOT_FOUND: [404, 'There is no such saga'],
  OPERATION_NOT_FOUND: [404, 'There is no such operation'],
  OPERATION_REFUSED: [409, 'The flow of the order cannot do that as it stands'],

  // What a process depends on.
  DEPENDENCY_NOT_FOUND: [404, 'There is no such dependency'],
  DEPENDENCY_NOT_TUNABLE: [422, 'The dependency has no such policy or number'],

  // Dead letters.
  DEAD_LETTER_NOT_FOUND: [404, 'There is no such dead letter'],
  DEAD_LETTER_SETTLED: [409, 'The dead letter was settled otherwise'],
  DEAD_LETTER_NOT_REPLAYABLE: [422, 'The dead letter cannot be replayed'],
  DEAD_LETTER_NEEDS_FORCE: [422, 'A replay could have an effect a second time'],

  // Lanes.
  LANE_NOT_FOUND: [404, 'There is no such lane'],
  LANE_ACTION_REFUSED: [409, 'The lane cannot do that as it stands'],

  // Branches of two-phase commits.
  BRANCH_NOT_FOUND: [404, 'The order has no branch here'],
  BRANCH_NOT_IN_DOUBT: [409, 'The branch is not in doubt'],
  BRANCH_NEEDS_FORCE: [422, 'Participants could end up with different outcomes'],
});

export type ProblemCode = keyof typeof problems;

function registry<const Entries extends Record<string, readonly [status: number, title: string]>>(
  entries: Entries,
): { readonly [Code in keyof Entries & string]: { code: Code; status: Entries[Code][0]; title: string } } {
  return Object.fromEntries(
    Object.entries(entries).map(([code, [status, title]]) => [code, Object.freeze({ code, status, title })]),
  ) as never;
}
