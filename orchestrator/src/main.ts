import { problems } from '@ballast/contracts';
import { LaneServer, messagingMigrations } from '@ballast/messaging';
import { createLogger, loadConfiguration, runService } from '@ballast/platform';
import { Configuration } from './configuration.js';
import { OrchestratorModule } from './orchestrator.module.js';
import { UnknownVersions } from './sagas/known-versions.js';
import { orchestratorMigrations } from './storage/statements.js';

const configuration = loadConfiguration(Configuration);
const logger = createLogger({ name: 'orchestrator', level: configuration.LOG_LEVEL });

await runService({
  name: 'orchestrator',
  description: 'Runs the sagas, and shows where each of them stands.',
  module: OrchestratorModule.register(configuration, logger),
  configuration,
  migrations: { url: configuration.DATABASE_URL, sets: [messagingMigrations, orchestratorMigrations] },
  logger,
  problems,
  strategy: app => app.get(LaneServer),
}).catch((error: unknown) => {
  if (!(error instanceof UnknownVersions)) throw error;
  logger.fatal(error.message);
  process.exit(1);
});
