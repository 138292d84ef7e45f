import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Logger } from '../logging/logger.js';
import { type ApplicationOptions, buildApplication } from './build-application.js';

type OperationsApplication = Awaited<ReturnType<typeof buildApplication>>;

export interface OperationsServerOptions {
  readonly host: string;
  /** 0: the system chooses one. */
  readonly port: number;
  readonly application: ApplicationOptions;
}

/**
 * The operators' port: an application of its own beside the process's other one, so that whoever can reach where orders
 * are placed, or sagas looked at, cannot interfere with them.
 */
@Injectable()
export class OperationsServer implements OnApplicationBootstrap, OnModuleDestroy {
  #app: OperationsApplication | undefined;

  constructor(
    private readonly options: OperationsServerOptions,
    private readonly logger: Pick<Logger, 'info'>,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { host, port, application } = this.options;
    this.#app = await buildApplication(application);
    await this.#app.listen(port, host);
    this.logger.info({ url: this.url, docs: `${this.url}/docs` }, `operations are at ${this.url}`);
  }

  async onModuleDestroy(): Promise<void> {
    await this.#app?.close();
  }

  get url(): string {
    const address: unknown = this.#app?.getHttpServer().address();
    const port = typeof address === 'object' && address !== null && 'port' in address ? address.port : 0;
    return `http://${this.options.host}:${String(port)}`;
  }
}
