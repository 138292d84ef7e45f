import {
  BranchBook,
  branchChores,
  Branches,
  BranchesModule,
  BranchHandler,
  DeadLettersModule,
  DependenciesModule,
  Dependency,
  guarded,
  holdPatienceOf,
  LaneBook,
  LaneServer,
  LanesModule,
  OutsideCallWorker,
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
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { Carrier } from './carrier.js';
import { carrierBudget, carrierCallsMax, carrierPipeline } from './carrier-policies.js';
import type { Configuration } from './configuration.js';
import { shippingParticipant } from './participant.js';
import { ShippingApiModule } from './shipping-api.module.js';
import { ShippingConsumer } from './shipping.consumer.js';
import { finishedOrders, shippingChores } from './storage/chores.js';
import { ShippingRepository } from './storage/shipping-repository.js';

/** The composition root. Nothing is connected before the application starts. */
@Module({})
export class ShippingModule {
  static register(configuration: Configuration, logger: Logger): DynamicModule {
    const pool = openPool({
      url: configuration.DATABASE_URL,
      applicationName: 'shipping-api',
      max: 8,
      // A million slots are added in one transaction: some seconds, on a machine that has other work to do.
      transactionTimeoutMs: 60_000,
      logger,
    });
    const carrier = new Carrier(configuration.CARRIER_URL, carrierCallsMax);
    const guard = carrierPipeline();
    const dependency = new Dependency(guard, logger, { open: () => calls.open });
    const { lanes, branches, calls } = participantLanes({
      service: 'shipping',
      participant: shippingParticipant(new ShippingRepository()),
      choreographed: placeOrderChoreographed,
      twoPhase: [placeOrderTwoPhase],
      holds: holdPatienceOf(configuration),
      outsideCalls: {
        party: guarded(guard, attempt => carrier.ask(attempt)),
        budget: carrierBudget(),
        concurrency: carrierCallsMax,
        // The pipeline's line and time limit come first.
        attemptTimeoutMs: 15_000,
        onRepeated: () => dependency.repeated(),
      },
      configuration,
      logger,
    });
    const book = new BranchBook('shipping', pool);
    const housekeeping = new Housekeeping(
      pool,
      [
        ...transportChores(configuration),
        ...participantChores(configuration, finishedOrders),
        ...branchChores(configuration),
        ...shippingChores(configuration),
      ],
      logger,
    );
    return {
      module: ShippingModule,
      imports: [
        ShippingApiModule.register(pool),
        DeadLettersModule.register(pool, timelinessOf(configuration)),
        LanesModule.register(new LaneBook(pool, lanes)),
        BranchesModule.register(book),
        DependenciesModule.register([dependency], logger),
        HealthModule.register([
          { name: 'database', check: async () => void (await pool.query({ text: 'SELECT' })) },
          { name: 'lanes', check: () => lanes.check() },
          { name: 'branches', check: async () => ({ ...(await book.sums()) }) },
          dependency.health,
        ]),
      ],
      controllers: [ShippingConsumer],
      providers: [
        { provide: BranchHandler, useValue: branches.handler },
        { provide: LaneServer, useValue: lanes },
        { provide: Resources, useValue: new Resources(pool, housekeeping, calls, branches, carrier) },
      ],
    };
  }
}

/** What lives as long as the process: ended after the last request and the last pass. */
@Injectable()
class Resources implements OnModuleInit, OnModuleDestroy, OnApplicationShutdown {
  constructor(
    private readonly pool: Pool,
    private readonly housekeeping: Housekeeping,
    private readonly calls: OutsideCallWorker,
    private readonly branches: Branches,
    private readonly carrier: Carrier,
  ) {}

  onModuleInit(): void {
    this.housekeeping.start();
    this.branches.start();
  }

  /** Calls that have no answer by now stay open in the database: the lanes' next owner goes on with them. */
  async onModuleDestroy(): Promise<void> {
    await this.calls.close();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.housekeeping.stop(), this.branches.close()]);
    await Promise.all([this.carrier.close(), this.pool.end()]);
  }
}
