/** A place in the carrier's van: one row of a zone's day, by its number. */
export type SlotId = number;

/**
 * What is free on a zone's day, as far as this pass may take it: the slots that were locked for it, not all there are.
 * A zone without any record was never served.
 */
export interface Capacity {
  readonly key: CapacityKey;
  readonly free: readonly SlotId[];
}

/** `zone/day`: a zone has no slash in it. */
export type CapacityKey = string;

export const capacityKeyOf = (zone: string, day: string): CapacityKey => `${zone}/${day}`;

export function zoneAndDayOf(key: CapacityKey): { zone: string; day: string } {
  const slash = key.lastIndexOf('/');
  return { zone: key.slice(0, slash), day: key.slice(slash + 1) };
}

/** A slot changes hands. Each pass saves these, and nothing else, about slots. */
export interface SlotChange {
  readonly kind: 'taken' | 'freed';
  readonly slotId: SlotId;
  /** Who takes it, or who has had it. */
  readonly orderId: string;
}

/** The first free slot and what is left then; null when none is. */
export function takeSlot({ key, free }: Capacity): { slotId: SlotId; rest: Capacity } | null {
  const [slotId] = free;
  return slotId === undefined ? null : { slotId, rest: { key, free: free.slice(1) } };
}
