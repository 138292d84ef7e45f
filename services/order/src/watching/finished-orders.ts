import type { News } from '@ballast/messaging';

/** The choreographed orders that a pass has ended, from its commit until those who wait for them are told. */
export class FinishedOrders {
  #orderIds: string[] = [];

  add(news: News): void {
    if (news.kind === 'finished') this.#orderIds.push(news.orderId);
  }

  take(): readonly string[] {
    const taken = this.#orderIds;
    this.#orderIds = [];
    return taken;
  }
}
