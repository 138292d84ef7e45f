import { describe, expect, test } from 'vitest';
import {
  authorizationAnswered,
  authorize,
  capture,
  captureAnswered,
  IllegalTransition,
  voidAnswered,
  voidAuthorization,
  walletsOf,
  type Authorization,
} from './authorization.js';
import {
  about,
  accepted,
  byCard,
  byWallet,
  declined,
  given,
  inEscrow,
  moves,
  others,
  states,
  wallet,
} from './authorization.fixture.js';
import { balanceCentsMax, bank, customer, escrow, merchant } from './ledger.js';

describe('authorize', () => {
  test('moves the amount from the wallet to escrow', () => {
    expect(authorize(given(undefined, wallet(500)), byWallet, about)).toEqual({
      kind: 'done',
      reply: { authorizationId: 'order-1' },
      state: {
        own: { status: 'held', payment: byWallet, hold: inEscrow },
        shared: new Map([['alice', wallet(200)]]),
        appended: moves('authorize', customer('alice'), escrow),
      },
    });
  });

  test('takes the last cent of a wallet', () => {
    const decision = authorize(given(undefined, wallet(300)), byWallet, about);
    expect(decision).toMatchObject({ kind: 'done', state: { shared: new Map([['alice', wallet(0)]]) } });
  });

  test('is rejected when a cent is missing, and moves nothing', () => {
    expect(authorize(given(undefined, wallet(299)), byWallet, about)).toEqual({
      kind: 'rejected',
      code: 'INSUFFICIENT_FUNDS',
      detail: 'the wallet holds 299 of 300 cents',
      state: given({ status: 'declined', payment: byWallet, code: 'INSUFFICIENT_FUNDS' }, wallet(299)),
    });
  });

  test('is rejected for a customer without a wallet', () => {
    expect(authorize(given(undefined), byWallet, about)).toMatchObject({
      kind: 'rejected',
      code: 'UNKNOWN_CUSTOMER',
      state: given({ status: 'declined', payment: byWallet, code: 'UNKNOWN_CUSTOMER' }),
    });
  });

  test('asks the gateway to hold the amount on a card, whether or not the customer has a wallet', () => {
    for (const state of [given(undefined), given(undefined, wallet(0))]) {
      expect(authorize(state, byCard, about)).toEqual({
        kind: 'call',
        state: { ...state, own: states.authorizing },
        call: { party: 'card-gateway', operation: 'hold', request: { token: 'tok-1', amountCents: 300 } },
      });
    }
  });

  test('keeps the hold that the gateway has made; our books do not change', () => {
    const decision = authorizationAnswered(
      given(states.authorizing),
      accepted({ holdId: 'hold-7' }),
      byCard,
      about,
    );
    expect(decision).toEqual({
      kind: 'done',
      reply: { authorizationId: 'order-1' },
      state: given(states['held at the gateway']),
    });
  });

  test('is rejected when the gateway declines the card', () => {
    expect(authorizationAnswered(given(states.authorizing), declined, byCard, about)).toEqual({
      kind: 'rejected',
      code: 'CARD_DECLINED',
      detail: 'ask your bank',
      state: given(states.declined),
    });
  });

  test.each(others('none'))('never starts again from %s', name => {
    expect(() => authorize(given(states[name], wallet(500)), byWallet, about)).toThrow(IllegalTransition);
  });
});

describe('capture', () => {
  const data = { authorizationId: 'order-1' };

  test('moves what escrow holds to the merchant', () => {
    expect(capture(given(states['held in escrow']), data, about)).toEqual({
      kind: 'done',
      reply: { captureId: 'order-1' },
      state: {
        own: { status: 'captured', payment: byWallet, hold: inEscrow, captureId: null },
        shared: new Map(),
        appended: moves('capture', escrow, merchant),
      },
    });
  });

  test('asks the gateway for what it holds', () => {
    expect(capture(given(states['held at the gateway']), data, about)).toEqual({
      kind: 'call',
      state: given(states.capturing),
      call: { party: 'card-gateway', operation: 'capture', request: { holdId: 'hold-7' } },
    });
  });

  test('books what the gateway paid', () => {
    const decision = captureAnswered(
      given(states.capturing),
      accepted({ captureId: 'capture-9' }),
      data,
      about,
    );
    expect(decision).toEqual({
      kind: 'done',
      reply: { captureId: 'capture-9' },
      state: { ...given(states.captured), appended: moves('capture', bank, merchant) },
    });
  });

  test('leaves the money held when the gateway declines, and a void then gives it back', () => {
    const decision = captureAnswered(given(states.capturing), declined, data, about);
    expect(decision).toEqual({
      kind: 'rejected',
      code: 'CAPTURE_DECLINED',
      detail: 'ask your bank',
      state: given(states['held at the gateway']),
    });
    const after = decision.kind === 'rejected' ? decision.state! : expect.fail();
    expect(voidAuthorization(after, {}, about)).toMatchObject({ kind: 'call', call: { operation: 'void' } });
  });

  test.each(['none', 'declined', 'voiding', 'voided', 'voided before it was asked for'] as const)(
    'is refused for good when the authorization is %s',
    name =>
      expect(capture(given(states[name]), data, about)).toMatchObject({
        kind: 'rejected',
        code: 'CAPTURE_DECLINED',
      }),
  );

  test.each(['authorizing', 'capturing'] as const)('waits for the gateway while it is %s', name => {
    expect(capture(given(states[name]), data, about)).toEqual({ kind: 'wait' });
  });

  test('answers the same when it is captured already, and moves nothing', () => {
    const fromEscrow: Authorization = {
      status: 'captured',
      payment: byWallet,
      hold: inEscrow,
      captureId: null,
    };
    expect(capture(given(fromEscrow), data, about)).toMatchObject({ reply: { captureId: 'order-1' } });
    const state = given(states.captured);
    expect(capture(state, data, about)).toEqual({ kind: 'done', reply: { captureId: 'capture-9' }, state });
  });

  test.each(others())('is refused under the name of another authorization, in state %s', name => {
    const decision = capture(given(states[name]), { authorizationId: 'order-2' }, about);
    expect(decision).toMatchObject({ kind: 'rejected', code: 'CAPTURE_DECLINED' });
    expect(decision).not.toHaveProperty('state');
  });
});

describe('void', () => {
  test('gives back to the wallet what escrow holds', () => {
    expect(voidAuthorization(given(states['held in escrow'], wallet(200)), {}, about)).toEqual({
      kind: 'done',
      reply: {},
      state: {
        own: { status: 'voided', payment: byWallet, hold: inEscrow },
        shared: new Map([['alice', wallet(500)]]),
        appended: moves('void', escrow, customer('alice')),
      },
    });
  });

  test('asks the gateway to give up its hold', () => {
    for (const name of ['held at the gateway', 'voiding'] as const) {
      expect(voidAuthorization(given(states[name]), {}, about)).toEqual({
        kind: 'call',
        state: given(states.voiding),
        call: { party: 'card-gateway', operation: 'void', request: { holdId: 'hold-7' } },
      });
    }
  });

  test('is done when the gateway has given up its hold; our books do not change', () => {
    expect(voidAnswered(given(states.voiding), accepted({}), {}, about)).toEqual({
      kind: 'done',
      reply: {},
      state: given(states.voided),
    });
  });

  test('is tried again when the gateway refuses', () => {
    expect(voidAnswered(given(states.voiding), declined, {}, about)).toMatchObject({
      kind: 'refused',
      code: 'VOID_DECLINED',
    });
  });

  test('of nothing keeps anything from being held or captured later', () => {
    const decision = voidAuthorization(given(undefined), {}, about);
    expect(decision).toEqual({
      kind: 'done',
      reply: {},
      state: given(states['voided before it was asked for']),
    });
  });

  test.each(['authorizing', 'capturing'] as const)('waits for the gateway while it is %s', name => {
    expect(voidAuthorization(given(states[name]), {}, about)).toEqual({ kind: 'wait' });
  });

  test('comes too late for a captured payment', () => {
    expect(voidAuthorization(given(states.captured), {}, about)).toMatchObject({
      kind: 'refused',
      code: 'ALREADY_CAPTURED',
    });
  });

  test.each(['declined', 'voided', 'voided before it was asked for'] as const)(
    'has nothing to do when %s',
    name => {
      const state = given(states[name]);
      expect(voidAuthorization(state, {}, about)).toEqual({ kind: 'done', reply: {}, state });
    },
  );

  test('is put off while the wallet has no room for the refund', () => {
    const full = given(states['held in escrow'], wallet(balanceCentsMax));
    expect(voidAuthorization(full, {}, about)).toMatchObject({
      kind: 'refused',
      code: 'BALANCE_LIMIT_EXCEEDED',
    });
  });

  test('is a bug when the wallet was not loaded', () => {
    expect(() => voidAuthorization(given(states['held in escrow']), {}, about)).toThrow(/alice/);
  });
});

describe('an answer of the gateway that nobody waits for is a bug', () => {
  test.each(others('authorizing'))('hold, while %s', name => {
    expect(() => authorizationAnswered(given(states[name]), declined, byCard, about)).toThrow(
      IllegalTransition,
    );
  });
  test.each(others('capturing'))('capture, while %s', name => {
    const data = { authorizationId: 'order-1' };
    expect(() => captureAnswered(given(states[name]), declined, data, about)).toThrow(IllegalTransition);
  });
  test.each(others('voiding'))('void, while %s', name => {
    expect(() => voidAnswered(given(states[name]), declined, {}, about)).toThrow(IllegalTransition);
  });
});

describe('the wallets that are locked', () => {
  test('are the payer’s, to take money from it', () => {
    expect(walletsOf({ type: 'payment.authorize', data: byWallet }, undefined)).toEqual(['alice']);
    expect(walletsOf({ type: 'payment.authorize', data: byCard }, undefined)).toEqual([]);
  });

  test('are none to capture', () => {
    for (const own of Object.values(states)) {
      expect(walletsOf({ type: 'payment.capture', data: { authorizationId: 'order-1' } }, own)).toEqual([]);
    }
  });

  test.each(others())('are the payer’s to void what escrow holds, and none otherwise: %s', name => {
    const expected = name === 'held in escrow' ? ['alice'] : [];
    expect(walletsOf({ type: 'payment.void', data: {} }, states[name])).toEqual(expected);
  });
});
