import { problems } from '@ballast/contracts';
import { LaneServer, messagingMigrations, participantMigrations } from '@ballast/messaging';
import { createLogger, loadConfiguration, runService } from '@ballast/platform';
import { Configuration } from './configuration.js';
import { ShippingModule } from './shipping.module.js';
import { shippingMigrations } from './storage/statements.js';

const configuration = loadConfiguration(Configuration);
const logger = createLogger({ name: 'shipping', level: configuration.LOG_LEVEL });

await runService({
  name: 'shipping',
  description: 'The carrier’s capacity, bookings and labels.',
  module: ShippingModule.register(configuration, logger),
  configuration,
  migrations: {
    url: configuration.DATABASE_URL,
    sets: [messagingMigrations, participantMigrations, shippingMigrations],
  },
  logger,
  problems,
  strategy: app => app.get(LaneServer),
});
