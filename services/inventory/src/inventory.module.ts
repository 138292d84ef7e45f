import { inputTopics } from '@ballast/contracts';
import {
  alarmTo,
  DeadLettersModule,
  LaneServer,
  participantChores,
  ParticipantHandler,
  Reactions,
  tellTo,
  timelinessOf,
  transportChores,
} from '@ballast/messaging';
import { placeOrderChoreographed } from '@ballast/place-order';
import { HealthModule, Housekeeping, type Logger, openPool, type Pool } from '@ballast/platform';
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
    const handler = new ParticipantHandler(inventoryParticipant(new InventoryRepository()), {
      alarm: alarmTo(logger),
      reactions: new Reactions(placeOrderChoreographed, 'inventory', configuration, tellTo(logger)),
    });
    const lanes = LaneServer.from(
      configuration,
      { service: 'inventory', topics: inputTopics.inventory },
      handler,
      logger,
    );
    const housekeeping = new Housekeeping(
      pool,
      [
        ...transportChores(configuration),
        ...participantChores(configuration, finishedOrders),
        ...inventoryChores(configuration),
      ],
      logger,
    );
    return {
      module: InventoryModule,
      imports: [
        InventoryApiModule.register(pool),
        DeadLettersModule.register(pool, timelinessOf(configuration)),
        HealthModule.register([
          { name: 'database', check: async () => void (await pool.query({ text: 'SELECT' })) },
          { name: 'lanes', check: () => lanes.check() },
        ]),
      ],
      controllers: [InventoryConsumer],
      providers: [
        { provide: ParticipantHandler, useValue: handler },
        { provide: LaneServer, useValue: lanes },
        { provide: Resources, useValue: new Resources(pool, housekeeping) },
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
  ) {}

  onModuleInit(): void {
    this.housekeeping.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.housekeeping.stop();
    await this.pool.end();
  }
}
