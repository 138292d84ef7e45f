import type { JournalEntry, JournalPage } from '@ballast/contracts';
import { appendFileSync, closeSync, ftruncateSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';

/** An entry, and the answer that its key gets for ever. */
export interface Kept extends JournalEntry {
  readonly status: number;
  readonly body: object;
  readonly fingerprint: string;
}

/**
 * What a party did. With a file, each thing is in it before it is answered (`written`), so that a killed and restarted
 * party knows what it promised. It is not fsynced: it survives a kill, not a power cut.
 */
export class Journal {
  readonly #entries: Kept[] = [];
  readonly #byKey = new Map<string, Kept>();
  /** Calls with keys that did nothing yet. */
  readonly #callsBefore = new Map<string, number>();
  #file: number | undefined;
  /** Lines of this turn of the event loop: one write for all of them. */
  #lines = '';
  #writing: Promise<void> | undefined;

  /** @param path of the file; what stands in it is read first */
  static open(path: string | undefined): Journal {
    const journal = new Journal();
    if (path === undefined) return journal;
    mkdirSync(dirname(path), { recursive: true });
    journal.#file = openSync(path, 'a+');
    let end = 0;
    for (const line of linesOf(journal.#file)) {
      journal.#apply(JSON.parse(line.toString()) as Line);
      end += line.length + 1;
    }
    // A line that a kill cut short was never answered: it did not happen.
    ftruncateSync(journal.#file, end);
    return journal;
  }

  get entries(): readonly Kept[] {
    return this.#entries;
  }

  find(key: string): Kept | undefined {
    return this.#byKey.get(key);
  }

  /** Something was done. */
  record(done: Omit<Kept, 'seq' | 'calls' | 'at'>): Kept {
    const line = { ...done, at: new Date().toISOString() };
    this.#append(line);
    return this.#apply(line) as Kept;
  }

  /** A call came that did nothing, or nothing again. */
  called(key: string): void {
    this.#append({ called: key });
    this.#apply({ called: key });
  }

  page(after: number, limit: number): JournalPage {
    // seq is the place in the list, from 1.
    const entries = this.#entries
      .slice(after, after + limit)
      .map(({ status: _s, body: _b, fingerprint: _f, ...entry }) => entry);
    const last = after + entries.length;
    return { entries, next: last < this.#entries.length ? last : null };
  }

  /** All that was noted so far is in the file; undefined when it is already. */
  written(): Promise<void> | undefined {
    return this.#writing;
  }

  close(): void {
    if (this.#lines !== '') this.#write();
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #append(line: Line): void {
    if (this.#file === undefined) return;
    this.#lines += `${JSON.stringify(line)}\n`;
    this.#writing ??= new Promise((resolve, reject) => {
      setImmediate(() => {
        try {
          this.#write();
          resolve();
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  }

  #write(): void {
    const lines = this.#lines;
    this.#lines = '';
    this.#writing = undefined;
    if (this.#file !== undefined) appendFileSync(this.#file, lines);
  }

  #apply(line: Line): Kept | undefined {
    if ('called' in line) {
      const kept = this.#byKey.get(line.called);
      if (kept === undefined)
        this.#callsBefore.set(line.called, (this.#callsBefore.get(line.called) ?? 0) + 1);
      else kept.calls++;
      return undefined;
    }
    const kept = {
      ...line,
      seq: this.#entries.length + 1,
      calls: (this.#callsBefore.get(line.key) ?? 0) + 1,
    };
    this.#callsBefore.delete(line.key);
    this.#entries.push(kept);
    this.#byKey.set(line.key, kept);
    return kept;
  }
}

/** A line of the file. */
type Line = Omit<Kept, 'seq' | 'calls'> | { readonly called: string };

/** The lines that are complete. Read in pieces: a long life does not fit into one string. */
function* linesOf(file: number): Generator<Buffer> {
  const piece = Buffer.alloc(1024 * 1024);
  let rest = Buffer.alloc(0);
  let length: number;
  // A position moves along by itself when none is given.
  while ((length = readSync(file, piece, 0, piece.length, null)) > 0) {
    rest = Buffer.concat([rest, piece.subarray(0, length)]);
    let begin = 0;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, begin)) {
      yield rest.subarray(begin, end);
      begin = end + 1;
    }
    rest = rest.subarray(begin);
  }
}
