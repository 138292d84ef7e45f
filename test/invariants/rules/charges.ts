import type { Dossier } from '../reading/dossier.js';
import type { JournalRow } from '../reading/journals.js';
import type { Notes, Rule } from '../rule.js';

/**
 * Reads payments, postings, shipments, and what the card gateway and the carrier wrote down themselves. At most one
 * net capture per order, of its amount; never more given back than was taken; one effect at an outside party per step.
 */
export const nobodyPaysTwice: Rule = {
  name: 'no order is charged, refunded or labelled twice',
  needs: ['completed', 'cancelled'],
  seesUnended: true,
  order(dossier, notes) {
    checkPostings(dossier, notes);
    checkGateway(dossier, notes);
    checkCarrier(dossier, notes);
  },
};

function checkPostings({ id, order, payment, postings }: Dossier, notes: Notes): void {
  const sum = (kind: string, account: string) =>
    postings
      .filter(posting => posting.kind === kind && posting.account === account)
      .reduce((cents, posting) => cents + posting.amountCents, 0);
  const captured = sum('capture', 'merchant');
  if (captured > 0) notes.count('captures');
  const amount = order?.amountCents ?? payment?.amountCents ?? 0;
  if (captured !== 0 && captured !== amount)
    notes.violate(id, `${captured} of ${amount} cents were captured`);
  const [taken, givenBack] = [sum('authorize', 'escrow'), -sum('void', 'escrow')];
  if (givenBack > 0) notes.count('refunds');
  if (givenBack > taken) notes.violate(id, `${givenBack} cents were given back, ${taken} were taken`);
  const leftInEscrow = taken - givenBack + sum('capture', 'escrow');
  if (leftInEscrow < 0) notes.violate(id, `${-leftInEscrow} cents more left escrow than went into it`);
}

function checkGateway({ id, progress, payment, journal }: Dossier, notes: Notes): void {
  const done = (operation: JournalRow['operation']) =>
    journal.filter(entry => entry.operation === operation && entry.outcome === 'done');
  const [holds, captures, voids] = [done('hold'), done('capture'), done('void')];
  notes.count('gatewayEffects', holds.length + captures.length + voids.length);
  if (holds.length > 1)
    notes.violate(id, `the gateway holds its amount ${holds.length} times: ${keysOf(holds)}`);
  if (captures.length > 1)
    notes.violate(id, `the gateway captured ${captures.length} times: ${keysOf(captures)}`);
  // Until the order has ended, the gateway may know more than we do.
  if (progress !== 'ended') return;
  for (const hold of holds) {
    const ends = [...captures, ...voids].filter(({ about }) => about === hold.id);
    if (ends.length === 1) continue;
    notes.violate(id, `hold ${hold.id} was captured or voided ${ends.length} times, not once`);
  }
  const [hold, capture] = [holds[0]?.id ?? null, captures[0]?.id ?? null];
  if (payment?.holdId != null && payment.holdId !== hold)
    notes.violate(id, `we know hold ${payment.holdId}, the gateway ${hold ?? 'none'}`);
  if ((payment?.captureId ?? null) !== capture)
    notes.violate(id, `we know capture ${payment?.captureId ?? 'none'}, the gateway ${capture ?? 'none'}`);
}

function checkCarrier({ id, progress, shipment, journal }: Dossier, notes: Notes): void {
  const labels = journal.filter(({ operation, outcome }) => operation === 'label' && outcome === 'done');
  notes.count('labels', labels.length);
  if (labels.length > 1) notes.violate(id, `the carrier made ${labels.length} labels: ${keysOf(labels)}`);
  if (progress !== 'ended') return;
  const [ours, theirs] = [shipment?.trackingNumber ?? null, labels[0]?.id ?? null];
  if (ours !== theirs) notes.violate(id, `we know label ${ours ?? 'none'}, the carrier ${theirs ?? 'none'}`);
}

const keysOf = (entries: readonly JournalRow[]): string => entries.map(({ key }) => key).join(', ');
