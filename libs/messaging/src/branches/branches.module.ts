import { type DynamicModule, Module } from '@nestjs/common';
import { BranchBook } from './branch-book.js';
import { BranchesController } from './branches.controller.js';

/** `/operations/branches`, where the process listens: this service's part in two-phase commits. */
@Module({})
export class BranchesModule {
  static register(book: BranchBook): DynamicModule {
    return {
      module: BranchesModule,
      controllers: [BranchesController],
      providers: [{ provide: BranchBook, useValue: book }],
    };
  }
}
