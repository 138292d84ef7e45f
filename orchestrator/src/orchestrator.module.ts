import { inputTopics, problems } from '@ballast/contracts';
import {
  DeadLettersModule,
  HttpOutbox,
  kafkaOf,
  LaneBook,
  LaneServer,
  LanesModule,
  timelinessOf,
  transportChores,
} from '@ballast/messaging';
import { placeOrder, placeOrderTcc, placeOrderTwoPhase } from '@ballast/place-order';
import {
  HealthModule,
  Housekeeping,
  type Logger,
  openPool,
  OperationsServer,
  type Pool,
} from '@ballast/platform';
import { withDefaults } from '@ballast/saga';
import { withPatience } from '@ballast/two-phase';
import {
  type DynamicModule,
  Injectable,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { Configuration } from './configuration.js';
import { OperationsApiModule } from './operations/operations-api.module.js';
import { OrchestratorApiModule } from './orchestrator-api.module.js';
import { OrchestratorConsumer } from './orchestrator.consumer.js';
import { type Definition, Definitions } from './sagas/definitions.js';
import { KnownVersions } from './sagas/known-versions.js';
import { SagaHandler } from './sagas/saga-handler.js';
import { orchestratorChores } from './storage/chores.js';
import { SagaReader } from './storage/saga-reader.js';
import { SagaRepository } from './storage/saga-repository.js';

/** The composition root. Nothing is connected before the application starts. */
@Module({})
export class OrchestratorModule {
  /** @param known every version of which an instance may still run */
  static register(
    configuration: Configuration,
    logger: Logger,
    known: readonly Definition[] = [placeOrder, placeOrderTcc, placeOrderTwoPhase],
  ): DynamicModule {
    const { DATABASE_URL: url } = configuration;
    const pool = openPool({
      url,
      applicationName: 'orchestrator-api',
      max: 4,
      transactionTimeoutMs: 10_000,
      logger,
    });
    const defaults = {
      timeoutMs: configuration.STEP_TIMEOUT_MS,
      parkAfterAttempts: configuration.PARK_AFTER_ATTEMPTS,
    };
    const definitions = new Definitions(
      known.map(one => ('protocol' in one ? withPatience(one, defaults) : withDefaults(one, defaults))),
    );
    const repository = new SagaRepository();
    const handler = new SagaHandler(definitions, repository, logger);
    const reader = new SagaReader(pool);
    const outbox = new HttpOutbox(
      { ...kafkaOf(configuration, 'orchestrator-operations', logger), laneCount: configuration.LANES },
      pool,
      logger,
    );
    const lanes = LaneServer.from(
      configuration,
      { service: 'orchestrator', topics: inputTopics.orchestrator, gatherMs: configuration.GATHER_MS },
      handler,
      logger,
    );
    const operations = new OperationsServer(
      {
        host: configuration.OPERATIONS_HOST,
        port: configuration.OPERATIONS_PORT,
        application: {
          name: 'operations',
          description: 'What operators see of sagas and of lanes, and can do about them.',
          module: OperationsApiModule.register({
            database: pool,
            outbox,
            definitions,
            reader,
            beside: [LanesModule.register(new LaneBook(pool, lanes))],
          }),
          logger,
          problems,
        },
      },
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
        OrchestratorApiModule.register(reader, definitions),
        DeadLettersModule.register(pool, timelinessOf(configuration)),
        HealthModule.register([
          { name: 'database', check: async () => void (await pool.query({ text: 'SELECT' })) },
          { name: 'lanes', check: () => lanes.check() },
          // Parked sagas want an operator, not another process: they are a detail, and make nothing red.
          { name: 'sagas', check: async () => ({ parked: await reader.countParked() }) },
        ]),
      ],
      controllers: [OrchestratorConsumer],
      providers: [
        { provide: SagaHandler, useValue: handler },
        { provide: LaneServer, useValue: lanes },
        { provide: KnownVersions, useValue: new KnownVersions(pool, repository, definitions) },
        { provide: OperationsServer, useValue: operations },
        { provide: Connections, useValue: new Connections(pool, outbox, housekeeping) },
      ],
    };
  }
}

/** Opened before the first request, and closed after the last one and the last pass. */
@Injectable()
export class Connections implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly pool: Pool,
    private readonly outbox: HttpOutbox,
    private readonly housekeeping: Housekeeping,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.outbox.connect();
    this.housekeeping.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.housekeeping.stop();
    await this.outbox.close();
    await this.pool.end();
  }
}
