import { ownerOf, type StockLine } from '@ballast/contracts';
import type { Dossier } from '../reading/dossier.js';
import { type FlowRecord, protocolOf, recordOf } from '../reading/flow-record.js';
import type { Notes, Rule } from '../rule.js';

/**
 * Reads every service's record of an order that has ended, and its protocol's own. COMPLETED if and only if its flow is
 * completed, its goods shipped, its amount captured and its parcel dispatched; CANCELLED if and only if nothing of it is left anywhere.
 * Of a participant whose part an operator has declared done, seen to outside, nothing is expected.
 */
export const servicesAgree: Rule = {
  name: 'the services agree on how an order ended',
  needs: ['completed', 'cancelled'],
  order(dossier, notes) {
    const { id, order, saga } = dossier;
    if (order === null) {
      const where = Object.entries({
        saga,
        reservation: dossier.reservation,
        payment: dossier.payment,
        shipment: dossier.shipment,
        message: dossier.messages[0] ?? null,
      }).flatMap(([name, row]) => (row === null ? [] : [name]));
      notes.violate(id, `there is no such order, but: ${where.join(', ')}`);
    } else if (order.status === 'COMPLETED') {
      notes.count('completed');
      expectCompleted(dossier, notes);
    } else {
      notes.count('cancelled');
      expectCancelled(dossier, notes);
    }
  },
};

function expectCompleted(dossier: Dossier, notes: Notes): void {
  const { id, order, reservation, payment, postings, shipment } = dossier;
  const record = recordOf(protocolOf(dossier), dossier);
  const byHand = seenToOutside(record, notes);
  const expect = (right: boolean, what: string) => right || notes.violate(id, `COMPLETED, but ${what}`);
  expect(record?.is === 'completed', `its flow is ${record?.is ?? 'absent'}`);
  if (!byHand.has('inventory')) {
    expect(reservation?.status === 'shipped', `its goods are ${reservation?.status ?? 'not reserved'}`);
    if (reservation !== null)
      expect(sameLines(reservation.lines, order!.lines), 'other goods than ordered were sent');
  }
  if (!byHand.has('shipping'))
    expect(shipment?.status === 'dispatched', `its shipment is ${shipment?.status ?? 'absent'}`);
  if (byHand.has('payment')) return;
  expect(payment?.status === 'captured', `its payment is ${payment?.status ?? 'absent'}`);
  expect(
    payment?.amountCents === order!.amountCents,
    `${payment?.amountCents} of ${order!.amountCents} cents are paid`,
  );
  const net = netOf(postings);
  const payer = order!.card ? 'bank' : 'customer';
  expect(
    net('merchant') === order!.amountCents,
    `the merchant has ${net('merchant')} of ${order!.amountCents} cents`,
  );
  expect(
    net(payer) === -order!.amountCents,
    `the ${payer} gave ${-net(payer)} of ${order!.amountCents} cents`,
  );
  expect(net('escrow') === 0, `${net('escrow')} cents are left in escrow`);
}

function expectCancelled(dossier: Dossier, notes: Notes): void {
  const { id, order, reservation, payment, postings, shipment } = dossier;
  const record = recordOf(protocolOf(dossier), dossier);
  const byHand = seenToOutside(record, notes);
  const expect = (right: boolean, what: string) => right || notes.violate(id, `CANCELLED, but ${what}`);
  expect(record?.is === 'cancelled', `its flow is ${record?.is ?? 'absent'}`);
  if (record?.reason != null)
    expect(record.reason === order!.reason, `for ${order!.reason}, while its flow says ${record.reason}`);
  if (!byHand.has('inventory'))
    expect([undefined, 'released'].includes(reservation?.status), `its goods are ${reservation?.status}`);
  if (!byHand.has('shipping'))
    expect([undefined, 'cancelled'].includes(shipment?.status), `its shipment is ${shipment?.status}`);
  if (byHand.has('payment')) return;
  expect([undefined, 'voided', 'declined'].includes(payment?.status), `its payment is ${payment?.status}`);
  const net = netOf(postings);
  for (const account of ['customer', 'escrow', 'merchant', 'bank'] as const)
    expect(net(account) === 0, `${net(account)} cents of it are on the account ${account}`);
}

function seenToOutside(record: FlowRecord | null, notes: Notes): ReadonlySet<string> {
  const types = [...(record?.byHand ?? [])];
  if (types.length > 0) notes.count('doneByHand', types.length);
  return new Set(types.map(type => ownerOf({ type })));
}

const netOf = (postings: Dossier['postings']) => (account: string) =>
  postings
    .filter(posting => posting.account === account)
    .reduce((cents, posting) => cents + posting.amountCents, 0);

function sameLines(some: readonly StockLine[], others: readonly StockLine[]): boolean {
  const text = (lines: readonly StockLine[]) =>
    lines
      .map(({ sku, quantity }) => `${sku} ${quantity}`)
      .sort()
      .join(', ');
  return text(some) === text(others);
}
