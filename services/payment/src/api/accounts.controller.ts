import { AccountPage, AccountsQuery, AccountView, CustomerId, Deposit, problems } from '@ballast/contracts';
import { idempotencyKeyOf } from '@ballast/messaging';
import { Problem } from '@ballast/platform';
import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Accounts } from '../storage/accounts.js';

/** Customers' wallets: read, and filled. Only orders take money out of them. */
@ApiTags('accounts')
@Controller('accounts')
export class AccountsController {
  constructor(private readonly accounts: Accounts) {}

  @Post(':customerId/deposits')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Adds money to a wallet; the first deposit opens it. Answers with the new balance.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description:
      '1 to 255 printable ASCII characters. Repeated with the same deposit: the same answer, and nothing added twice. Remembered for a week.',
  })
  @ApiOkResponse({ standardSchema: AccountView })
  @ApiResponse({ status: 422, description: 'IDEMPOTENCY_KEY_REUSED or BALANCE_LIMIT_EXCEEDED.' })
  async deposit(
    @Param('customerId', { schema: CustomerId }) customerId: string,
    @Body({ schema: Deposit }) { amountCents }: Deposit,
    @Headers('idempotency-key') header: string | undefined,
    @Res({ passthrough: true }) reply: { header(name: string, value: string): unknown },
  ): Promise<AccountView> {
    const deposited = await this.accounts.deposit(customerId, amountCents, idempotencyKeyOf(header));
    switch (deposited.kind) {
      case 'deposited':
        if (deposited.replayed) reply.header('idempotency-replayed', 'true');
        return deposited.account;
      case 'key-reused':
        throw new Problem(
          problems.IDEMPOTENCY_KEY_REUSED,
          'the key belongs to another deposit; use a new one',
        );
      case 'too-much':
        throw new Problem(
          problems.BALANCE_LIMIT_EXCEEDED,
          `with ${amountCents} cents more, the account of ${customerId} would hold more than 2^53 - 1`,
        );
    }
  }

  @Get()
  @ApiOperation({ summary: 'Accounts by customer id; the last page has no nextCursor.' })
  @ApiOkResponse({ standardSchema: AccountPage })
  list(@Query({ schema: AccountsQuery }) { limit, cursor }: AccountsQuery): Promise<AccountPage> {
    return this.accounts.page(limit, cursor);
  }

  @Get(':customerId')
  @ApiOperation({ summary: 'What a customer can spend. What their open orders hold is not in it.' })
  @ApiOkResponse({ standardSchema: AccountView })
  @ApiResponse({ status: 404, description: 'ACCOUNT_NOT_FOUND' })
  async account(@Param('customerId') segment: string): Promise<AccountView> {
    // What can't be an id belongs to no customer: 404, like any other without an account.
    const id = CustomerId.safeParse(segment);
    const account = id.success ? await this.accounts.account(id.data) : undefined;
    if (account === undefined) throw new Problem(problems.ACCOUNT_NOT_FOUND, 'this customer has no account');
    return account;
  }
}
