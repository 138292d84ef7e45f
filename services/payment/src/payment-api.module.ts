import type { Queries } from '@ballast/platform';
import { type DynamicModule, Module } from '@nestjs/common';
import { AccountsController } from './api/accounts.controller.js';
import { LedgerController } from './api/ledger.controller.js';
import { Accounts } from './storage/accounts.js';

/** Accounts and the ledger over HTTP: everything that needs no consumer. */
@Module({})
export class PaymentApiModule {
  static register(database: Queries): DynamicModule {
    return {
      module: PaymentApiModule,
      controllers: [AccountsController, LedgerController],
      providers: [{ provide: Accounts, useValue: new Accounts(database) }],
    };
  }
}
