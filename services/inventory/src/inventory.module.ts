import {
  BranchBook,
  branchChores,
  Branches,
  BranchesModule,
  BranchHandler,
  DeadLettersModule,
  holdPatienceOf,
  LaneBook,
  LaneServer,
  LanesModule,
  participantChores,
  participantLanes,
  timelinessOf,
  transportChores,
} from '@ballast/messaging';
import { HealthModule, Housekeeping, type Logger, openPool, type Pool } from '@ballast/platform';
import { placeOrderChoreographed, placeOrderTwoPhase } from '@ballast/place-order';
import {
  type DynamicModule,
  Injectable,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { Configuration } from './configuration.js';
import { InventoryApiModule } from './inventory-api.module.js';
import { InventoryConsumer } from './inventory.consumer.js';
import { inventoryParticipant } from './participant.js';
import { finishedOrders, inventoryChores } from './storage/chores.js';
import { InventoryRepository } from './storage/inventory-repository.js';

/** The composition root. Nothing is connected before the application starts. */
@Module({})
export class InventoryModule {
  static register(configuration: Configuration, logger: Logger): DynamicModule {
    const pool = openPool({
      url: configuration.DATABASE_URL,
      applicationName: 'inventory-api',
      max: 8,
      transactionTimeoutMs: 10_000,
      logger,
    });
    const { lanes, branches } = participantLanes({
      service: 'inventory',
      participant: inventoryParticipant(new InventoryRepository()),
      choreographed: placeOrderChoreographed,
      twoPhase: [placeOrderTwoPhase],
      holds: holdPatienceOf(configuration),
      configuration,
      logger,
    });
    const book = new BranchBook('inventory', pool);
    const housekeeping = new Housekeeping(
      pool,
      [
        ...transportChores(configuration),
        ...participantChores(configuration, finishedOrders),
        ...branchChores(configuration),
        ...inventoryChores(configuration),
      ],
      logger,
    );
    return {
      module: InventoryModule,
      imports: [
        InventoryApiModule.register(pool),
        DeadLettersModule.register(pool, timelinessOf(configuration)),
        LanesModule.register(new LaneBook(pool, lanes)),
        BranchesModule.register(book),
        HealthModule.register([
          { name: 'database', check: async () => void (await pool.query({ text: 'SELECT' })) },
          { name: 'lanes', check: () => lanes.check() },
          { name: 'branches', check: async () => ({ ...(await book.sums()) }) },
        ]),
      ],
      controllers: [InventoryConsumer],
      providers: [
        { provide: BranchHandler, useValue: branches.handler },
        { provide: LaneServer, useValue: lanes },
        { provide: Resources, useValue: new Resources(pool, housekeeping, branches) },
      ],
    };
  }
}

/** What lives as long as the process: ended after the last request and the last pass. */
@Injectable()
class Resources implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly pool: Pool,
    private readonly housekeeping: Housekeeping,
    private readonly branches: Branches,
  ) {}

  onModuleInit(): void {
    this.housekeeping.start();
    this.branches.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.housekeeping.stop(), this.branches.close()]);
    await this.pool.end();
  }
}
