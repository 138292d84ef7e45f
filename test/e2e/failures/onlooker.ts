import type { SagaDetails, SagaView } from '@ballast/contracts';
import { becomes } from '../becomes.js';
import { rowsOf } from '../rows.js';
import type { Shop } from '../shop.js';

type Holder = 'inventory' | 'payment' | 'shipping';

/** Sees what is in doubt in a shop, and who waits for it. */
export class Onlooker {
  constructor(private readonly shop: Shop) {}

  /** How many transactions are prepared, at all participants. */
  async prepared(): Promise<number> {
    return (await rowsOf(this.shop, 'order', 'SELECT FROM pg_prepared_xacts')).length;
  }

  preparedAre(count: number): Promise<number> {
    return becomes(`${count} prepared`, async () => (await this.prepared()) === count);
  }

  branchesAsk(): Promise<number> {
    const asked = "SELECT FROM branch WHERE state = 'prepared' AND (detail->>'asked')::int > 0";
    return becomes('asked by a branch', async () => (await rowsOf(this.shop, 'inventory', asked)).length > 0);
  }

  /** All of these orders' tries are held. */
  isHeldIn(service: Holder, ids: readonly string[]): Promise<number> {
    return becomes(`held in ${service}`, async () => (await this.#holds(service, ids)).length === ids.length);
  }

  holdsAsk(service: Holder, ids: readonly string[]): Promise<number> {
    return becomes(`asked by ${service}`, async () =>
      (await this.#holds(service, ids)).every(({ asked }) => asked > 0),
    );
  }

  isGivenBack(service: Holder, id: string): Promise<number> {
    return becomes(`given back in ${service}`, async () => (await this.#holds(service, [id])).length === 0);
  }

  /** Whether a change of the article would have to wait. */
  isLocked(sku: string): Promise<boolean> {
    const text = 'SELECT FROM stock WHERE sku = $1 FOR UPDATE NOWAIT';
    return rowsOf(this.shop, 'inventory', text, [sku]).then(
      () => false,
      (error: Error) => /could not obtain lock/.test(error.message),
    );
  }

  /** Of a coordinator's branch; undefined before it has heard of the order. */
  async branch(id: string, name: string): Promise<SagaView['steps'][number] | undefined> {
    const { steps }: Partial<SagaView> = await this.shop.saga(id);
    return steps?.find(step => step.name === name);
  }

  async timeline(id: string): Promise<SagaDetails['timeline']> {
    const url = `${this.shop.stack.urls.operations}/operations/sagas/${id}`;
    return ((await this.shop.request('GET', url)).body as SagaDetails).timeline;
  }

  #holds(service: Holder, ids: readonly string[]): Promise<{ asked: number }[]> {
    return rowsOf(this.shop, service, 'SELECT asked FROM hold WHERE order_id = ANY ($1::uuid[])', [ids]);
  }
}
