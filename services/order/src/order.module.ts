import { problems } from '@ballast/contracts';
import {
  BranchBook,
  branchChores,
  Branches,
  BranchesModule,
  BranchHandler,
  countParked,
  DeadLettersModule,
  DependenciesModule,
  Dependency,
  HttpOutbox,
  kafkaOf,
  LaneBook,
  LaneServer,
  LanesModule,
  participantChores,
  participantLanes,
  timelinessOf,
  transportChores,
} from '@ballast/messaging';
import { placeOrderChoreographed, placeOrderTwoPhase } from '@ballast/place-order';
import {
  HealthModule,
  Housekeeping,
  type Logger,
  openPool,
  OperationsServer,
  type Pool,
} from '@ballast/platform';
import {
  type DynamicModule,
  Injectable,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { Configuration } from './configuration.js';
import { Admission } from './intake/admission.js';
import { InventoryClient } from './intake/inventory-client.js';
import { inventoryPipeline } from './intake/inventory-policies.js';
import { OperationsModule } from './operations/operations.module.js';
import { OrderApiModule } from './order-api.module.js';
import { OrderConsumer } from './order.consumer.js';
import { orderParticipant } from './participant.js';
import { finishedOrders, orderChores } from './storage/chores.js';
import { ProgressRepository } from './storage/progress-repository.js';
import { CommittedEndings } from './watching/committed-endings.js';
import { FinishedOrders } from './watching/finished-orders.js';
import { OrderWatcher } from './watching/order-watcher.js';

/** The composition root. Nothing is connected before the application starts. */
@Module({})
export class OrderModule {
  static register(configuration: Configuration, logger: Logger): DynamicModule {
    const pool = openApiPool(configuration.DATABASE_URL, logger);
    const outbox = new HttpOutbox(
      { ...kafkaOf(configuration, 'order-api', logger), laneCount: configuration.LANES },
      pool,
      logger,
    );
    const finished = new FinishedOrders();
    const { lanes, branches } = participantLanes({
      service: 'order',
      participant: orderParticipant(new ProgressRepository()),
      choreographed: placeOrderChoreographed,
      twoPhase: [placeOrderTwoPhase],
      tell: news => finished.add(news),
      configuration,
      logger,
    });
    const operations = new OperationsServer(
      {
        host: configuration.OPERATIONS_HOST,
        port: configuration.OPERATIONS_PORT,
        application: {
          name: 'order-operations',
          description: 'What operators see of choreographed orders and of lanes, and can do about them.',
          module: OperationsModule.register({
            database: pool,
            outbox,
            beside: [LanesModule.register(new LaneBook(pool, lanes))],
          }),
          logger,
          problems,
        },
      },
      logger,
    );
    const book = new BranchBook('order', pool);
    const askInventory = inventoryPipeline();
    const inventory = new InventoryClient(configuration.INVENTORY_URL, logger, askInventory);
    const admission = new Admission({
      inHandMax: configuration.ORDERS_IN_HAND_MAX,
      waitingMax: configuration.ORDERS_WAITING_MAX,
      perCustomerPerSecond: configuration.CUSTOMER_ORDERS_PER_SECOND,
    });
    const dependencies = [
      new Dependency(askInventory, logger),
      // Each order passes it: counting them one by one is left to who watches HTTP.
      new Dependency(admission.pipeline, logger, { counted: false }),
    ];
    const housekeeping = new Housekeeping(
      pool,
      [
        ...transportChores(configuration),
        ...participantChores(configuration, finishedOrders),
        ...branchChores(configuration),
        ...orderChores(configuration),
      ],
      logger,
    );
    return {
      module: OrderModule,
      imports: [
        OrderApiModule.register({
          database: pool,
          outbox,
          askSku: sku => inventory.ask(sku),
          orderTimeoutMs: configuration.ORDER_TIMEOUT_MS,
          unsentMax: configuration.UNSENT_ORDERS_MAX,
          admission,
          logger,
        }),
        DeadLettersModule.register(pool, timelinessOf(configuration)),
        BranchesModule.register(book),
        DependenciesModule.register(dependencies, logger),
        HealthModule.register([
          { name: 'database', check: async () => void (await pool.query({ text: 'SELECT' })) },
          { name: 'outbox', check: () => isSending(outbox) },
          { name: 'lanes', check: () => lanes.check() },
          // Parked orders want an operator, not another process: they are a detail, and make nothing red.
          { name: 'choreographed', check: async () => ({ parked: await countParked(pool) }) },
          { name: 'branches', check: async () => ({ ...(await book.sums()) }) },
          ...dependencies.map(({ health }) => health),
        ]),
      ],
      controllers: [OrderConsumer],
      providers: [
        { provide: BranchHandler, useValue: branches.handler },
        { provide: LaneServer, useValue: lanes },
        { provide: FinishedOrders, useValue: finished },
        { provide: OperationsServer, useValue: operations },
        {
          provide: CommittedEndings,
          inject: [OrderWatcher],
          useFactory: (watcher: OrderWatcher) => new CommittedEndings(watcher, logger),
        },
        { provide: Connections, useValue: new Connections(pool, housekeeping, outbox, inventory, branches) },
      ],
    };
  }
}

/**
 * The pool of the requests. Its lock timeout bounds the wait for an idempotency key that somebody else's transaction
 * holds, which otherwise ends with that transaction: a few milliseconds.
 */
function openApiPool(databaseUrl: string, logger: Logger): Pool {
  const url = new URL(databaseUrl);
  const options = [url.searchParams.get('options'), '-c lock_timeout=250'].filter(Boolean).join(' ');
  url.searchParams.set('options', options);
  return openPool({
    url: url.href,
    applicationName: 'order-api',
    max: 8,
    transactionTimeoutMs: 5_000,
    logger,
  });
}

function isSending(outbox: HttpOutbox): Record<string, unknown> {
  const { waitingMs, backlog } = outbox;
  if (waitingMs > sendAlarmMs)
    throw new Error(`Kafka has not taken messages for ${Math.round(waitingMs)} ms`);
  return { backlog };
}

const sendAlarmMs = 2_000;

/** Opened before the first request, and closed after the last one and the last pass. */
@Injectable()
export class Connections implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly pool: Pool,
    private readonly housekeeping: Housekeeping,
    private readonly outbox: HttpOutbox,
    private readonly inventory: InventoryClient,
    private readonly branches: Branches,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.outbox.connect();
    this.housekeeping.start();
    this.branches.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([
      this.outbox.close(),
      this.inventory.close(),
      this.housekeeping.stop(),
      this.branches.close(),
    ]);
    await this.pool.end();
  }
}
