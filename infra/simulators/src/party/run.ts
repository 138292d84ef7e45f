import { loadConfiguration, processSettings } from '@ballast/platform/configuration';
import { createLogger, exitOnCrash } from '@ballast/platform/logging';
import { z } from 'zod';
import { Journal } from './journal.js';
import type { Party } from './party.js';
import { serve } from './server.js';

/** A process of its own: HOST (loopback), PORT, LOG_LEVEL, and JOURNAL_FILE to remember beyond a restart. */
export async function run(party: Party): Promise<void> {
  const configuration = loadConfiguration(
    z.object({ ...processSettings, JOURNAL_FILE: z.string().optional() }),
  );
  const logger = createLogger({ name: party.name, level: configuration.LOG_LEVEL });
  exitOnCrash(logger);
  const journal = Journal.open(configuration.JOURNAL_FILE);
  const server = serve(party, journal);
  const url = await server.listen({ host: configuration.HOST, port: configuration.PORT });
  logger.info(
    { url, pid: process.pid, remembered: journal.entries.length },
    `${party.name} is ready at ${url}`,
  );
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // Calls in flight are cut off, as by any party that goes away; what was done is in the journal.
      journal.close();
      logger.info({ signal }, `${party.name} has shut down`);
      process.exit(0);
    });
  }
}
