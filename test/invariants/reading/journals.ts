import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SortedRows } from './sorted-rows.js';

/** What an outside party did for an order: its own word, against which ours is held. */
export interface JournalRow {
  readonly orderId: string;
  readonly party: string;
  readonly key: string;
  readonly operation: 'hold' | 'capture' | 'void' | 'label';
  readonly outcome: 'done' | 'declined';
  /** What it handed out: the hold's, the capture's or the tracking number. */
  readonly id: string | null;
  /** What it was about: a capture's or void's hold, a label's order. */
  readonly about: string;
  readonly amountCents: number | null;
}

const parties = ['card-gateway', 'carrier'];

/** The simulated parties' journals of a stack, by order. A few hundred bytes per outside call: they are held in memory. */
export async function readJournals(directory: string): Promise<SortedRows<JournalRow>> {
  const rows: JournalRow[] = [];
  for (const party of parties) {
    const file = join(directory, 'journals', `${party}.jsonl`);
    if (!existsSync(file)) continue;
    for await (const line of createInterface({ input: createReadStream(file) })) {
      const entry = entryOf(line);
      if (entry !== null && 'operation' in entry)
        rows.push({ ...entry, party, orderId: entry.key.slice(0, 36) });
    }
  }
  rows.sort((a, b) => (a.orderId < b.orderId ? -1 : a.orderId > b.orderId ? 1 : 0));
  let read = false;
  return new SortedRows(() => {
    const piece = read ? [] : rows;
    read = true;
    return piece;
  });
}

/** Null for a last line that a kill has cut short. */
function entryOf(line: string): Omit<JournalRow, 'party' | 'orderId'> | { called: string } | null {
  try {
    const { key, operation, outcome, id, about, amountCents, called } = JSON.parse(line);
    return called === undefined ? { key, operation, outcome, id, about, amountCents } : { called };
  } catch {
    return null;
  }
}
