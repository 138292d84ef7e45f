import type { OrderStatusEvent } from '@ballast/contracts';
import type { MessageEvent } from '@nestjs/common';
import { Observable } from 'rxjs';
import type { StoredOrder } from '../storage/order-reader.js';
import type { OrderWatcher } from '../watching/order-watcher.js';
import type { WaitingRoom } from '../watching/waiting-room.js';

/** The streams of orders' status. */
export class StatusStreams {
  constructor(
    private readonly watcher: OrderWatcher,
    private readonly room: WaitingRoom,
    private readonly heartbeatMs = 10_000,
  ) {}

  /**
   * The order's status, then its ending; completes after that, or when the process shuts down. Errs with a Problem
   * (503), before anything else, when too many wait already.
   */
  of(order: StoredOrder): Observable<MessageEvent> {
    return new Observable(subscriber => {
      const end = () => subscriber.complete();
      if (order.status === 'PENDING' && !this.room.isClosed) {
        try {
          subscriber.add(this.room.enter(1, end));
        } catch (error) {
          return subscriber.error(error);
        }
      }
      subscriber.next(statusEvent(order));
      if (order.status !== 'PENDING' || this.room.isClosed) return end();
      subscriber.add(
        this.watcher.watch([order.id], endings => {
          for (const ending of endings) subscriber.next(statusEvent(ending));
          end();
        }),
      );
      // Proxies cut a connection on which nothing moves.
      const heartbeat = setInterval(
        () => subscriber.next({ comment: 'pending' } as MessageEvent),
        this.heartbeatMs,
      );
      subscriber.add(() => clearInterval(heartbeat));
    });
  }
}

/** The id says what the client has seen, should it come back: a status never comes twice. */
function statusEvent({
  id,
  status,
  reason,
  endedAt,
}: Pick<StoredOrder, keyof OrderStatusEvent>): MessageEvent {
  const data: OrderStatusEvent = { id, status, reason, endedAt: endedAt?.toISOString() ?? null };
  return { type: 'status', id: status, data };
}
