/**
 * Waiting lines, one for each tenant, that are served in turn: a tenant with a thousand in line waits for its next turn
 * like one with a single call. All operations take a time that does not grow with what waits: when the lines are full
 * there is no time to walk along them.
 */
export class FairQueue<T> {
  /** The next to be served comes first. */
  readonly #lines = new Map<string, Line<T>>();
  /** The same lines, by how many wait in them. */
  readonly #ofSize = new Map<number, Set<Line<T>>>();
  #longest = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** How many of this tenant wait. */
  sizeOf(tenant: string): number {
    return this.#lines.get(tenant)?.size ?? 0;
  }

  /** @returns where it stands, to be removed from there */
  add(tenant: string, item: T): Place<T> {
    let line = this.#lines.get(tenant);
    if (line === undefined) this.#lines.set(tenant, (line = new Line(tenant)));
    const place = line.add(item);
    this.#size++;
    this.#changed(line, line.size - 1);
    return place;
  }

  /** Does nothing when it is not in line any more. */
  remove(place: Place<T>): void {
    const { line } = place;
    if (!line.remove(place)) return;
    this.#size--;
    this.#changed(line, line.size + 1);
    if (line.size === 0) this.#lines.delete(line.tenant);
  }

  /** The first in line of the tenant whose turn it is; it is removed, and the tenant goes to the end. */
  shift(): T | undefined {
    for (const [tenant, line] of this.#lines) {
      const { first } = line;
      this.remove(first);
      if (this.#lines.delete(tenant)) this.#lines.set(tenant, line);
      return first.item;
    }
    return undefined;
  }

  /** How many wait in the longest line, and who came last there; of several, whichever. */
  longest(): { readonly size: number; readonly last: T } | null {
    for (const { size, last } of this.#ofSize.get(this.#longest) ?? []) return { size, last: last.item };
    return null;
  }

  #changed(line: Line<T>, from: number): void {
    const before = this.#ofSize.get(from);
    before?.delete(line);
    if (before?.size === 0) this.#ofSize.delete(from);
    const { size } = line;
    const now = this.#ofSize.get(size);
    if (now !== undefined) now.add(line);
    else if (size > 0) this.#ofSize.set(size, new Set([line]));
    // A line changes by one: when the only one of the longest gets shorter, it is one of the longest still.
    if (size > this.#longest || !this.#ofSize.has(this.#longest)) this.#longest = size;
  }
}

/** Where somebody stands in line. */
export class Place<T> {
  previous: Place<T> = this;
  next: Place<T> = this;

  constructor(
    readonly line: Line<T>,
    readonly item: T,
  ) {}
}

/** Goes round in a circle that begins and ends at a place of nobody's. */
class Line<T> {
  readonly #ends = new Place<T>(this, undefined as T);
  size = 0;

  constructor(readonly tenant: string) {}

  get first(): Place<T> {
    return this.#ends.next;
  }

  get last(): Place<T> {
    return this.#ends.previous;
  }

  add(item: T): Place<T> {
    const place = new Place(this, item);
    place.previous = this.last;
    place.next = this.#ends;
    place.previous.next = place.next.previous = place;
    this.size++;
    return place;
  }

  /** @returns whether it was in line */
  remove(place: Place<T>): boolean {
    if (place.next === place) return false;
    place.previous.next = place.next;
    place.next.previous = place.previous;
    place.previous = place.next = place;
    this.size--;
    return true;
  }
}
