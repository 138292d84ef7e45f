import { problems } from '@ballast/contracts';
import { LaneServer, messagingMigrations, participantMigrations } from '@ballast/messaging';
import { createLogger, loadConfiguration, runService } from '@ballast/platform';
import { Configuration } from './configuration.js';
import { OrderModule } from './order.module.js';
import { orderMigrations } from './storage/statements.js';

const configuration = loadConfiguration(Configuration);
const logger = createLogger({ name: 'order', level: configuration.LOG_LEVEL });

await runService({
  name: 'order',
  description: 'Orders: placed, watched and cancelled by customers.',
  module: OrderModule.register(configuration, logger),
  configuration,
  migrations: {
    url: configuration.DATABASE_URL,
    sets: [messagingMigrations, participantMigrations, orderMigrations],
  },
  logger,
  problems,
  strategy: app => app.get(LaneServer),
});
