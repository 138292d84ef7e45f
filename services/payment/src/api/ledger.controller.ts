import { AuthorizationView, LedgerView, OrderId, problems } from '@ballast/contracts';
import { Problem } from '@ballast/platform';
import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Accounts } from '../storage/accounts.js';

/** Where the money is: of the whole shop, and of one order. */
@ApiTags('ledger')
@Controller()
export class LedgerController {
  constructor(private readonly accounts: Accounts) {}

  @Get('ledger')
  @ApiOperation({
    summary: 'The sum of every account, and of all of them: 0. Customers are one account here.',
  })
  @ApiOkResponse({ standardSchema: LedgerView })
  ledger(): Promise<LedgerView> {
    return this.accounts.ledger();
  }

  @Get('authorizations/:orderId')
  @ApiOperation({ summary: 'The payment of an order, with its postings in the ledger.' })
  @ApiOkResponse({ standardSchema: AuthorizationView })
  @ApiResponse({ status: 404, description: 'AUTHORIZATION_NOT_FOUND' })
  async authorization(@Param('orderId') segment: string): Promise<AuthorizationView> {
    const id = OrderId.safeParse(segment);
    const authorization = id.success ? await this.accounts.authorization(id.data) : undefined;
    if (authorization === undefined)
      throw new Problem(problems.AUTHORIZATION_NOT_FOUND, 'this order has no payment');
    return authorization;
  }
}
