import {
  BranchBook,
  branchChores,
  Branches,
  BranchesModule,
  BranchHandler,
  DeadLettersModule,
  DependenciesModule,
  Dependency,
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
import { CardGateway } from './card-gateway.js';
import { cardGatewayGuard } from './card-gateway-policies.js';
import type { Configuration } from './configuration.js';
import { paymentParticipant } from './participant.js';
import { PaymentApiModule } from './payment-api.module.js';
import { PaymentConsumer } from './payment.consumer.js';
import { finishedOrders, paymentChores } from './storage/chores.js';
import { PaymentRepository } from './storage/payment-repository.js';

/** The composition root. Nothing is connected before the application starts. */
@Module({})
export class PaymentModule {
  static register(configuration: Configuration, logger: Logger): DynamicModule {
    const pool = openPool({
      url: configuration.DATABASE_URL,
      applicationName: 'payment-api',
      max: 8,
      transactionTimeoutMs: 10_000,
      logger,
    });
    const guard = cardGatewayGuard(configuration.CARD_GATEWAY_POLICIES);
    const gateway = new CardGateway(configuration.CARD_GATEWAY_URL, guard.connectionsMax);
    const dependency = new Dependency(guard.pipeline, logger, { open: () => calls.open });
    const { lanes, branches, calls } = participantLanes({
      service: 'payment',
      participant: paymentParticipant(new PaymentRepository()),
      choreographed: placeOrderChoreographed,
      twoPhase: [placeOrderTwoPhase],
      holds: holdPatienceOf(configuration),
      outsideCalls: {
        party: guard.party(attempt => gateway.ask(attempt)),
        ...guard.worker,
        onRepeated: () => dependency.repeated(),
      },
      configuration,
      logger,
    });
    const book = new BranchBook('payment', pool);
    const housekeeping = new Housekeeping(
      pool,
      [
        ...transportChores(configuration),
        ...participantChores(configuration, finishedOrders),
        ...branchChores(configuration),
        ...paymentChores(configuration),
      ],
      logger,
    );
    return {
      module: PaymentModule,
      imports: [
        PaymentApiModule.register(pool),
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
      controllers: [PaymentConsumer],
      providers: [
        { provide: BranchHandler, useValue: branches.handler },
        { provide: LaneServer, useValue: lanes },
        { provide: Resources, useValue: new Resources(pool, housekeeping, calls, branches, gateway) },
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
    private readonly gateway: CardGateway,
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
    await Promise.all([this.gateway.close(), this.pool.end()]);
  }
}
