import { problems } from '@ballast/contracts';
import { Problem } from '@ballast/platform';

/**
 * Turns single calls into group calls: what arrives while a group is in flight makes the next group, and an idle
 * caller waits for the end of the current turn of the event loop only. No timer: a lone call is not held back.
 */
export class GroupedCalls<Item, Outcome> {
  #waiting: Waiting<Item, Outcome>[] = [];
  #running = false;

  /**
   * @param call answers the outcomes in the order of the items; when it throws, all of its group are rejected
   * @param limits.sizeMax the largest group
   * @param limits.waitingMax how many calls may wait for their group
   */
  constructor(
    private readonly call: (items: readonly Item[]) => Promise<readonly Outcome[]>,
    private readonly limits: { readonly sizeMax: number; readonly waitingMax: number },
  ) {}

  /** Rejects with a Problem (503) when too many wait already. */
  submit(item: Item): Promise<Outcome> {
    if (this.#waiting.length >= this.limits.waitingMax) return Promise.reject(tooManyWait());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#running) return;
      this.#running = true;
      setImmediate(() => void this.#run());
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, this.limits.sizeMax);
      try {
        const outcomes = await this.call(group.map(({ item }) => item));
        group.forEach(({ resolve }, index) => resolve(outcomes[index] as Outcome));
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#running = false;
  }
}

interface Waiting<Item, Outcome> {
  readonly item: Item;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

const tooManyWait = () =>
  new Problem(problems.UNAVAILABLE, 'too many requests are waiting for the database; try again', {
    headers: { 'retry-after': '1' },
  });
