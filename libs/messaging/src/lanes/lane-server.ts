import type { Logger } from '@ballast/platform';
import { BaseRpcContext, type CustomTransportStrategy, Server } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { kafkaOf, type KafkaOptions } from '../kafka/connection.js';
import type { OwnLanes } from '../lane-book/lane-book.js';
import type { ConsumerConfiguration } from '../kafka/settings.js';
import type { LogBounds } from './claim.js';
import { LaneLoop, type LoopHealth } from './lane-loop.js';
import { type LoopOptions, loopSettings } from './settings.js';
import type { LaneHandler, Pass, PassResult, Work, WorkSink } from './work.js';

/** Names this transport in `@MessagePattern('inventory', LANES)`. */
export const LANES = Symbol('ballast lanes');

/** What `@Ctx()` gives to a consumer: the pass that its work belongs to. */
export class PassContext extends BaseRpcContext<[Pass]> {
  get pass(): Pass {
    return this.args[0];
  }
}

type Status = 'connected' | 'stopped';
// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type
type Events = Record<string, Function>;

/**
 * Nest's transport over lanes. A process has one consumer: the handler whose pattern is the service's name, which gets
 * the work of a whole pass. Guards, pipes, interceptors and filters apply to it; a filter must hand on the original
 * error (platform's does), so that the loop can tell a poisonous message from an absent database.
 */
export class LaneServer
  extends Server<Events, Status>
  implements CustomTransportStrategy, WorkSink, OwnLanes
{
  override readonly transportId = LANES;
  readonly #loop: LaneLoop;
  readonly #service: string;

  constructor(kafka: KafkaOptions, options: LoopOptions, handler: LaneHandler, logger: Logger) {
    super();
    this.#service = options.service;
    this.#loop = new LaneLoop(
      kafka,
      loopSettings(options),
      handler,
      (work, pass) => this.#dispatch(work, pass),
      logger,
    );
  }

  /** The lanes of a service, as its environment says. */
  static from(
    configuration: ConsumerConfiguration,
    { service, topics, gatherMs = 0 }: Pick<LoopOptions, 'service' | 'topics' | 'gatherMs'>,
    handler: LaneHandler,
    logger: Logger,
  ): LaneServer {
    return new LaneServer(
      kafkaOf(configuration, service, logger),
      {
        service,
        topics,
        gatherMs,
        databaseUrl: configuration.DATABASE_URL,
        laneCount: configuration.LANES,
        passMessagesMax: configuration.BATCH_MAX,
        sessionTimeoutMs: configuration.KAFKA_SESSION_TIMEOUT_MS,
        horizonMs: configuration.INBOX_HORIZON_MS,
      },
      handler,
      logger,
    );
  }

  /** Two handlers for one pattern would replace each other silently. */
  override addHandler(...[pattern, ...rest]: Parameters<Server<Events, Status>['addHandler']>): void {
    if (pattern !== this.#service) {
      throw new Error(
        `a consumer for "${String(pattern)}" was found; this process consumes as "${this.#service}" only`,
      );
    }
    if (this.getHandlerByPattern(this.#service) !== null) {
      throw new Error(`two consumers for "${this.#service}": a process has one`);
    }
    super.addHandler(pattern, ...rest);
  }

  listen(callback: (error?: unknown) => void): void {
    if (this.getHandlerByPattern(this.#service) === null) {
      callback(new Error(`no @MessagePattern('${this.#service}', LANES) in this process`));
      return;
    }
    // Nest's promise settles through the callback only, on failure too.
    this.#loop.start().then(() => callback(), callback);
  }

  async close(): Promise<void> {
    await this.#loop.stop();
  }

  submit(work: Work & { kind: 'submitted' }): boolean {
    return this.#loop.submit(work);
  }

  get topics(): readonly string[] {
    return this.#loop.topics;
  }

  bounds(): Promise<ReadonlyMap<string, LogBounds>> {
    return this.#loop.bounds();
  }

  health(): LoopHealth {
    return this.#loop.health();
  }

  /** For a health indicator: throws, saying why, when messages are not being handled. */
  check(): Record<string, unknown> {
    const health = this.#loop.health();
    if (health.state !== 'running' || Object.keys(health.refused).length > 0) {
      throw new Error(`messages are not being handled: ${JSON.stringify(health)}`);
    }
    return { ...health };
  }

  on(): never {
    throw new Error('the lanes have no events of their own; see health()');
  }

  unwrap<T>(): T {
    return this.#loop as T;
  }

  async #dispatch(work: readonly Work[], pass: Pass): Promise<PassResult> {
    const handler = this.getHandlerByPattern(this.#service)!;
    const answer = await handler(work, new PassContext([pass]));
    return lastValueFrom(this.transformToObservable(answer)) as Promise<PassResult>;
  }
}
