import type { HttpOutbox } from '@ballast/messaging';
import type { Logger, Queries } from '@ballast/platform';
import { type DynamicModule, Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import { IntakeController } from './api/intake.controller.js';
import { OrderLookup } from './api/order-lookup.js';
import { OrdersController } from './api/orders.controller.js';
import { StatusStreams } from './api/status-streams.js';
import { Admission } from './intake/admission.js';
import { CancelDesk } from './intake/cancel-desk.js';
import { KnownSkus, type SkuAnswer } from './intake/known-skus.js';
import { OrderDesk } from './intake/order-desk.js';
import { CancelRequests } from './storage/cancel-requests.js';
import { OrderBook } from './storage/order-book.js';
import { OrderReader } from './storage/order-reader.js';
import { OrderWatcher } from './watching/order-watcher.js';
import { WaitingRoom } from './watching/waiting-room.js';

export interface OrderApiParts {
  /** Its sessions have a `lock_timeout`: see OrderBook. */
  readonly database: Queries;
  readonly outbox: Pick<HttpOutbox, 'rows' | 'committed' | 'backlog'>;
  /** Asks inventory for a SKU. */
  readonly askSku: (sku: string) => Promise<SkuAnswer>;
  readonly orderTimeoutMs: number;
  /** How many orders may wait for Kafka before more are refused. */
  readonly unsentMax: number;
  /** Who is let in. */
  readonly admission?: Admission;
  readonly logger: Logger;
  /** How many orders may be waited for at a time; lower in tests only. */
  readonly seats?: number;
}

/** The customers' API: everything that needs no consumer. */
@Module({})
export class OrderApiModule {
  static register({
    database,
    outbox,
    askSku,
    orderTimeoutMs,
    unsentMax,
    admission = new Admission(),
    logger,
    seats = 50_000,
  }: OrderApiParts): DynamicModule {
    const reader = new OrderReader(database);
    const watcher = new OrderWatcher(ids => reader.loadEndings(ids), logger);
    const room = new WaitingRoom(seats);
    const lookup = new OrderLookup(reader);
    const provided = [
      new OrderDesk(new OrderBook(database, outbox, logger), new KnownSkus(askSku), outbox, admission, {
        orderTimeoutMs,
        unsentMax,
      }),
      new CancelDesk(new CancelRequests(database, outbox), outbox, id => lookup.find(id)),
      lookup,
      reader,
      watcher,
      room,
      new StatusStreams(watcher, room),
      new Waits(watcher, room),
    ];
    return {
      module: OrderApiModule,
      controllers: [IntakeController, OrdersController],
      providers: provided.map(useValue => ({ provide: useValue.constructor, useValue })),
      exports: [OrderWatcher],
    };
  }
}

/** Ends long polls and streams before HTTP is closed: closing waits for every request in flight. */
@Injectable()
export class Waits implements OnModuleDestroy {
  constructor(
    private readonly watcher: OrderWatcher,
    private readonly room: WaitingRoom,
  ) {}

  onModuleDestroy(): void {
    this.room.close();
    this.watcher.close();
  }
}
