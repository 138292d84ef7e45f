import type { Rule } from '../rule.js';
import { servicesAgree } from './agreement.js';
import { eventsAreHeard } from './announcements.js';
import { answersAreTheBarriers } from './answers.js';
import { nobodyPaysTwice } from './charges.js';
import { commandsAreTheSagas } from './commands.js';
import { nothingIsStuck } from './dead-letters.js';
import { decisionsAreOne } from './decisions.js';
import { acceptedOrdersEnd } from './endings.js';
import { nothingStaysHeld } from './holds.js';
import { oneOrderPerKey } from './idempotency.js';
import { inboxesRemember } from './inboxes.js';
import { ledgerAddsUp } from './ledger.js';
import { orderPerKey } from './order-per-key.js';
import { outboxesAreEmptied } from './outboxes.js';
import { nothingStaysPrepared } from './prepared.js';
import { slotsMatchShipments } from './slots.js';
import { stockAddsUp } from './stock.js';
import { movesAreDeclared } from './transitions.js';
import { undoneOnceAndForGood } from './undos.js';
import { walletsMatchTheLedger } from './wallets.js';

/** What must hold of every stack, at any time when it is at rest. */
export const rules: readonly Rule[] = [
  acceptedOrdersEnd,
  servicesAgree,
  undoneOnceAndForGood,
  nobodyPaysTwice,
  oneOrderPerKey,
  ledgerAddsUp,
  walletsMatchTheLedger,
  stockAddsUp,
  slotsMatchShipments,
  movesAreDeclared,
  commandsAreTheSagas,
  answersAreTheBarriers,
  decisionsAreOne,
  nothingStaysHeld,
  nothingStaysPrepared,
  eventsAreHeard,
  outboxesAreEmptied,
  inboxesRemember,
  orderPerKey,
  nothingIsStuck,
];
