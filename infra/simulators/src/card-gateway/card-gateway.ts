import { CreateHold, type JournalEntry } from '@ballast/contracts';
import { randomUUID } from 'node:crypto';
import { unknown, type Call, type Operation, type Party, type Verdict } from '../party/party.js';

/** Tokens that need no programme: the demo's. Every other token works. */
export const declinedToken = 'tok_declined';
export const captureDeclinedToken = 'tok_capture_declined';

interface Hold {
  readonly token: string;
  readonly amountCents: number;
  readonly state: 'held' | 'captured' | 'voided';
}

/** Holds amounts on cards, and captures or voids what it holds. */
export function cardGateway(): Party {
  const holds = new Map<string, Hold>();
  return {
    name: 'card-gateway',
    operations: [hold, onHold('capture', holds, decideCapture), onHold('void', holds, decideVoid)],
    remember(entry) {
      if (entry.outcome === 'done') holds.set(...after(entry, holds));
    },
  };
}

const hold: Operation = {
  name: 'hold',
  path: '/holds',
  read(_, body): Call {
    const { token, amountCents } = CreateHold.parse(body);
    return {
      facts: { token },
      fingerprint: `${token} ${amountCents}`,
      decide(declined): Verdict {
        if (declined || token === declinedToken) {
          return refusal({ about: token, amountCents }, 'CARD_DECLINED', 'the bank of the card says no');
        }
        const holdId = `hold_${randomUUID()}`;
        return { ...done, status: 201, body: { holdId }, id: holdId, about: token, amountCents };
      },
    };
  },
};

function onHold(
  name: 'capture' | 'void',
  holds: ReadonlyMap<string, Hold>,
  decide: (holdId: string, held: Hold, declined: boolean) => Verdict,
): Operation {
  return {
    name,
    path: `/holds/:holdId/${name}`,
    read({ holdId = '' }): Call {
      const held = holds.get(holdId);
      return {
        facts: held === undefined ? {} : { token: held.token },
        fingerprint: holdId,
        decide(declined): Verdict {
          // Read again: a delay may lie between.
          const now = holds.get(holdId);
          return now === undefined ? unknown(`there is no hold ${holdId}`) : decide(holdId, now, declined);
        },
      };
    },
  };
}

function decideCapture(holdId: string, held: Hold, declined: boolean): Verdict {
  const about = { about: holdId, amountCents: held.amountCents };
  if (held.state === 'captured')
    return refusal(about, 'ALREADY_CAPTURED', 'a capture under another key came first');
  if (held.state === 'voided') return refusal(about, 'HOLD_VOIDED', 'the hold was voided');
  if (declined || held.token === captureDeclinedToken) {
    return refusal(about, 'CAPTURE_DECLINED', 'the bank of the card says no');
  }
  const captureId = `capture_${randomUUID()}`;
  return { ...done, ...about, status: 200, body: { captureId }, id: captureId };
}

function decideVoid(holdId: string, held: Hold, declined: boolean): Verdict {
  const about = { about: holdId, amountCents: held.amountCents };
  if (held.state === 'captured')
    return refusal(about, 'ALREADY_CAPTURED', 'what is captured can not be voided');
  if (held.state === 'voided') return { definite: false, status: 200, body: {} };
  if (declined) return refusal(about, 'VOID_DECLINED', 'the bank of the card says no');
  return { ...done, ...about, status: 200, body: {}, id: holdId };
}

const done = { definite: true, outcome: 'done' } as const;

const refusal = (about: { about: string; amountCents: number }, code: string, detail: string): Verdict => ({
  definite: true,
  outcome: 'declined',
  status: 402,
  body: { code, detail },
  id: null,
  ...about,
});

/** The hold that an entry is about, and what it is from then on. */
function after(entry: JournalEntry, holds: ReadonlyMap<string, Hold>): [holdId: string, hold: Hold] {
  if (entry.operation === 'hold') {
    return [entry.id ?? '', { token: entry.about, amountCents: entry.amountCents ?? 0, state: 'held' }];
  }
  const held = holds.get(entry.about);
  if (held === undefined)
    throw new Error(`the journal has a ${entry.operation} of ${entry.about}, but not its hold`);
  return [entry.about, { ...held, state: entry.operation === 'capture' ? 'captured' : 'voided' }];
}
