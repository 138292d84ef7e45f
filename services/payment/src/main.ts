import { problems } from '@ballast/contracts';
import { LaneServer, messagingMigrations, participantMigrations } from '@ballast/messaging';
import { createLogger, loadConfiguration, runService } from '@ballast/platform';
import { Configuration } from './configuration.js';
import { PaymentModule } from './payment.module.js';
import { paymentMigrations } from './storage/statements.js';

const configuration = loadConfiguration(Configuration);
const logger = createLogger({ name: 'payment', level: configuration.LOG_LEVEL });

await runService({
  name: 'payment',
  description: 'Wallets, cards and the ledger.',
  module: PaymentModule.register(configuration, logger),
  configuration,
  migrations: {
    url: configuration.DATABASE_URL,
    sets: [messagingMigrations, participantMigrations, paymentMigrations],
  },
  logger,
  problems,
  strategy: app => app.get(LaneServer),
});
