import { buildApplication, type ApplicationOptions, type Logger } from '@ballast/platform';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';

type OperationsApplication = Awaited<ReturnType<typeof buildApplication>>;

export interface OperationsServerOptions {
  readonly host: string;
  /** 0: the system chooses one. */
  readonly port: number;
  readonly application: ApplicationOptions;
}

/**
 * The operators' port: an application of its own beside the orchestrator's, so that whoever can reach where sagas are looked
 * at cannot undo them.
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
