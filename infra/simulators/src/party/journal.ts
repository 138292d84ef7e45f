import type { JournalEntry, JournalPage } from '@ballast/contracts';
import { appendFileSync, closeSync, ftruncateSync, openSync, readFileSync } from 'node:fs';

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
    journal.#file = openSync(path, 'a+');
    const text = readFileSync(path, 'utf8');
    // A line that a kill cut short was never answered: it did not happen.
    const end = text.lastIndexOf('\n') + 1;
    if (end < text.length) ftruncateSync(journal.#file, Buffer.byteLength(text.slice(0, end)));
    for (const line of text.slice(0, end).split('\n')) {
      if (line !== '') journal.#apply(JSON.parse(line) as Line);
    }
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
