import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { buildApplication, type ApplicationOptions } from './build-application.js';
import { migrate, type MigrationSet } from '../database/migrations.js';
import { exitOnCrash, logWarnings } from '../logging/crash.js';

export interface ServiceOptions extends ApplicationOptions {
  readonly configuration: { readonly HOST: string; readonly PORT: number };
  /** Run before anything else: the process serves no request on an older database. */
  readonly migrations?: { readonly url: string; readonly sets: readonly MigrationSet[] };
  /** How long a shutdown may take before the process ends anyway, with exit code 1. */
  readonly shutdownDeadlineMs?: number;
}

export interface RunningService {
  readonly app: NestFastifyApplication;
  /** `http://127.0.0.1:3000`, with the port that the system chose when PORT is 0. */
  readonly url: string;
}

/**
 * Starts a process that serves HTTP and, with a strategy, consumes messages. SIGTERM and SIGINT shut it down in
 * order: onModuleDestroy, requests in flight, the strategy, onApplicationShutdown; exit code 0. Rejects when the
 * start fails; what was started by then is closed. After an `app.close()` of one's own nothing is left of it in the
 * process.
 */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const { logger, configuration } = options;
  const allowCrashes = exitOnCrash(logger);
  logWarnings(logger);
  if (options.migrations !== undefined) await migrate({ ...options.migrations, logger });
  const app = await buildApplication(options);
  const ignoreSignals = shutDownOnSignal(app, options);
  app.getHttpServer().once('close', () => {
    if (ignoreSignals()) allowCrashes();
  });
  try {
    await app.startAllMicroservices();
    await app.listen(configuration.PORT, configuration.HOST);
  } catch (error) {
    await app.close().catch((failure: unknown) => logger.error({ err: failure }, 'closing failed too'));
    throw error;
  }
  const url = urlOf(app, configuration.HOST);
  logger.info({ url, docs: `${url}/docs`, pid: process.pid }, `${options.name} is ready at ${url}`);
  return { app, url };
}

/** `startService` for a process that is nothing else: a start that fails is one line in the log, and exit code 1. */
export async function runService(options: ServiceOptions): Promise<void> {
  try {
    await startService(options);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    options.logger.fatal({ err: error }, `${options.name} could not start: ${why}`);
    process.exit(1);
  }
}

/** @returns takes it back, unless a signal came already */
function shutDownOnSignal(
  app: NestFastifyApplication,
  { name, logger, shutdownDeadlineMs = 10_000 }: ServiceOptions,
) {
  let closing = false;
  const shutDown = async (signal: string) => {
    // Ctrl-C in a terminal reaches every process of the group, and some get it again from their parent.
    if (closing) return;
    closing = true;
    logger.info({ signal }, `${name} is shutting down`);
    setTimeout(() => {
      logger.fatal({ signal, shutdownDeadlineMs }, `${name} did not shut down in time`);
      process.exit(1);
    }, shutdownDeadlineMs).unref();
    try {
      await app.close();
    } catch (error) {
      logger.fatal({ err: error, signal }, `${name} failed to shut down`);
      process.exit(1);
    }
    logger.info({ signal }, `${name} has shut down`);
    process.exit(0);
  };
  const onSignal = (signal: NodeJS.Signals) => void shutDown(signal);
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return () => {
    if (closing) return false;
    process.off('SIGTERM', onSignal);
    process.off('SIGINT', onSignal);
    return true;
  };
}

function urlOf(app: NestFastifyApplication, host: string): string {
  const address = app.getHttpServer().address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
