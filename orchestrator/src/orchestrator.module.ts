import { inputTopics } from '@ballast/contracts';
import { DeadLettersModule, LaneServer, timelinessOf, transportChores } from '@ballast/messaging';
import { placeOrder } from '@ballast/place-order';
import { HealthModule, Housekeeping, type Logger, openPool, type Pool } from '@ballast/platform';
import { withDefaults } from '@ballast/saga';
import {
  type DynamicModule,
  Injectable,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { Configuration } from './configuration.js';
import { OrchestratorApiModule } from './orchestrator-api.module.js';
import { OrchestratorConsumer } from './orchestrator.consumer.js';
import { Definitions } from './sagas/definitions.js';
import { SagaHandler } from './sagas/saga-handler.js';
import { orchestratorChores } from './storage/chores.js';
import { SagaRepository } from './storage/saga-repository.js';

/** The composition root. Nothing is connected before the application starts. */
@Module({})
export class OrchestratorModule {
  static register(configuration: Configuration, logger: Logger): DynamicModule {
    const { DATABASE_URL: url } = configuration;
    const pool = openPool({
      url,
      applicationName: 'orchestrator-api',
      max: 4,
      transactionTimeoutMs: 10_000,
      logger,
    });
    const definitions = new Definitions([
      withDefaults(placeOrder, { timeoutMs: configuration.STEP_TIMEOUT_MS }),
    ]);
    const handler = new SagaHandler(definitions, new SagaRepository(), logger);
    const lanes = LaneServer.from(
      configuration,
      { service: 'orchestrator', topics: inputTopics.orchestrator, gatherMs: configuration.GATHER_MS },
      handler,
      logger,
    );
    const housekeeping = new Housekeeping(
      pool,
      [...transportChores(configuration), ...orchestratorChores(configuration)],
      logger,
    );
    return {
      module: OrchestratorModule,
      imports: [
        OrchestratorApiModule.register(pool, definitions),
        DeadLettersModule.register(pool, timelinessOf(configuration)),
        HealthModule.register([
          { name: 'database', check: async () => void (await pool.query({ text: 'SELECT' })) },
          { name: 'lanes', check: () => lanes.check() },
        ]),
      ],
      controllers: [OrchestratorConsumer],
      providers: [
        { provide: SagaHandler, useValue: handler },
        { provide: LaneServer, useValue: lanes },
        { provide: Connections, useValue: new Connections(pool, housekeeping) },
      ],
    };
  }
}

/** Closed after the last request and the last pass. */
@Injectable()
export class Connections implements OnModuleInit, OnApplicationShutdown {
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
