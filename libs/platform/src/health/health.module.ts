import { Controller, Get, Inject, Module, type DynamicModule, type Provider } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  TerminusModule,
  type HealthCheckResult,
} from '@nestjs/terminus';

/** One thing that must be well. It throws when it is not; what it returns is shown as details. */
export interface HealthIndicator {
  readonly name: string;
  /**
   * `readiness` (default): no requests, please, until it is well again. `liveness`: only a restart helps; part of
   * readiness too.
   */
  readonly concerns?: 'readiness' | 'liveness';
  check(): Promise<Record<string, unknown> | void> | Record<string, unknown> | void;
}

const indicatorsToken = Symbol('health indicators');

/** Which of several replicas answers. */
const whoAnswers: HealthIndicator = {
  name: 'process',
  check: () => ({ pid: process.pid, uptimeSeconds: Math.floor(process.uptime()) }),
};

/** `GET /health/live` and `GET /health/ready`: 200, or 503 with what is down under `checks`. */
@Module({})
export class HealthModule {
  static register(indicators: readonly HealthIndicator[]): DynamicModule {
    return healthModule([], { provide: indicatorsToken, useValue: indicators });
  }

  /** When the indicators need providers of the service's own modules. */
  static registerAsync(options: {
    readonly imports?: NonNullable<DynamicModule['imports']>;
    readonly inject?: readonly never[] | readonly unknown[];
    // As in Nest's own options: the arguments are what `inject` names.
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    readonly useFactory: (...providers: any[]) => readonly HealthIndicator[];
  }): DynamicModule {
    return healthModule(options.imports ?? [], {
      provide: indicatorsToken,
      useFactory: options.useFactory,
      inject: [...(options.inject ?? [])] as never[],
    });
  }
}

const healthModule = (
  imports: NonNullable<DynamicModule['imports']>,
  indicators: Provider,
): DynamicModule => ({
  module: HealthModule,
  imports: [TerminusModule.forRoot({ logger: false }), ...imports],
  controllers: [HealthController],
  providers: [indicators],
});

@ApiTags('health')
@Controller('health')
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(HealthIndicatorService) private readonly session: HealthIndicatorService,
    @Inject(indicatorsToken) private readonly indicators: readonly HealthIndicator[],
  ) {}

  @Get('live')
  @HealthCheck({ swaggerDocumentation: false })
  live(): Promise<HealthCheckResult> {
    return this.check(this.indicators.filter(indicator => indicator.concerns === 'liveness'));
  }

  @Get('ready')
  @HealthCheck({ swaggerDocumentation: false })
  ready(): Promise<HealthCheckResult> {
    return this.check([whoAnswers, ...this.indicators]);
  }

  /** A result holds for a second, whoever asks how often, and a check that hangs is down. */
  private check(indicators: readonly HealthIndicator[]): Promise<HealthCheckResult> {
    return this.health.check(
      indicators.map(indicator =>
        this.session
          .check(indicator.name)
          .attempt(() => indicator.check())
          .withTimeout(2_000)
          .cacheFor(1_000),
      ),
    );
  }
}
