import { problems } from '@ballast/contracts';
import { LaneServer, messagingMigrations, participantMigrations } from '@ballast/messaging';
import { createLogger, loadConfiguration, runService } from '@ballast/platform';
import { Configuration } from './configuration.js';
import { InventoryModule } from './inventory.module.js';
import { inventoryMigrations } from './storage/statements.js';

const configuration = loadConfiguration(Configuration);
const logger = createLogger({ name: 'inventory', level: configuration.LOG_LEVEL });

await runService({
  name: 'inventory',
  description: 'Stock, and what is reserved of it for orders.',
  module: InventoryModule.register(configuration, logger),
  configuration,
  migrations: {
    url: configuration.DATABASE_URL,
    sets: [messagingMigrations, participantMigrations, inventoryMigrations],
  },
  logger,
  problems,
  strategy: app => app.get(LaneServer),
});
