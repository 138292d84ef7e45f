import { BranchesQuery, BranchPage, BranchView, OrderId, problems, ResolveBranch } from '@ballast/contracts';
import { Problem } from '@ballast/platform';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { BranchBook } from './branch-book.js';

/** Two-phase commits that are in doubt here: shown with what they lock, and ended by an operator if need be. */
@ApiTags('operations')
@Controller('operations/branches')
export class BranchesController {
  constructor(private readonly book: BranchBook) {}

  @Get()
  @ApiOperation({
    summary:
      'Branches that have not ended, are prepared, or raised an alarm; the last page has no nextCursor.',
  })
  @ApiOkResponse({ standardSchema: BranchPage })
  async list(@Query({ schema: BranchesQuery }) { cursor = '', limit }: BranchesQuery): Promise<BranchPage> {
    const branches = await this.book.list(cursor, limit);
    const nextCursor = branches.length === limit ? (branches.at(-1)?.orderId ?? null) : null;
    return { branches, nextCursor };
  }

  @Get(':orderId')
  @ApiOperation({ summary: 'The branch of an order, ended or not.' })
  @ApiOkResponse({ standardSchema: BranchView })
  @ApiResponse({ status: 404, description: 'BRANCH_NOT_FOUND' })
  async show(@Param('orderId') segment: string): Promise<BranchView> {
    const { data: orderId } = OrderId.safeParse(segment);
    const branch = orderId === undefined ? undefined : await this.book.find(orderId);
    if (branch === undefined)
      throw new Problem(problems.BRANCH_NOT_FOUND, 'no branch of this service belongs to this order');
    return branch;
  }

  @Post(':orderId/resolve')
  @HttpCode(202)
  @ApiOperation({
    summary:
      'Ends a branch in doubt without the coordinator: the last resort when it is gone. If it decides otherwise later, ' +
      'participants differ, which is recorded and raised as an alarm. Asking twice is safe.',
  })
  @ApiAcceptedResponse({ standardSchema: BranchView })
  @ApiResponse({ status: 404, description: 'BRANCH_NOT_FOUND' })
  @ApiResponse({ status: 409, description: 'BRANCH_NOT_IN_DOUBT' })
  @ApiResponse({ status: 422, description: 'BRANCH_NEEDS_FORCE' })
  async resolve(
    @Param('orderId') segment: string,
    @Body({ schema: ResolveBranch }) wanted: ResolveBranch,
  ): Promise<BranchView> {
    const { orderId, state, decision } = await this.show(segment);
    if (decision === null && state !== 'prepared')
      throw new Problem(problems.BRANCH_NOT_IN_DOUBT, `the branch is ${state}`);
    if (!wanted.force) throw new Problem(problems.BRANCH_NEEDS_FORCE, warning);
    await this.book.decide(orderId, wanted);
    const branch = await this.show(segment);
    if (branch.decision?.outcome === wanted.outcome) return branch;
    const why =
      branch.decision === null
        ? `the branch is ${branch.state}`
        : `${branch.decision.operator} has decided to ${branch.decision.outcome}`;
    throw new Problem(problems.BRANCH_NOT_IN_DOUBT, why);
  }
}

const warning =
  'only the coordinator knows what the other participants were told: look at /sagas/{orderId} there first. If it has ' +
  'decided otherwise, or does so later, the order is done in one place and not in another, and nothing will mend that by ' +
  'itself. Repeat the request with force if you take that upon you';
