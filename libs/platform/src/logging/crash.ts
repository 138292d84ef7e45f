import type { Logger } from './logger.js';

/**
 * From here on an error that nobody handled is logged and ends the process with exit code 1. Call it once.
 * @returns takes it back
 */
export function exitOnCrash(logger: Logger): () => void {
  const crash = (event: string) => (error: unknown) => {
    logger.fatal({ err: error, event }, 'an error that nobody handled: the process ends');
    process.exit(1);
  };
  const onException = crash('uncaughtException');
  const onRejection = crash('unhandledRejection');
  process.on('uncaughtException', onException);
  process.on('unhandledRejection', onRejection);
  return () => {
    process.off('uncaughtException', onException);
    process.off('unhandledRejection', onRejection);
  };
}

/** Node's warnings as log lines. */
export function logWarnings(logger: Logger): void {
  process.removeAllListeners('warning');
  process.on('warning', warning => logger.warn({ err: warning }, warning.message));
}
