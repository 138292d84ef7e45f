import { LaneAction, LaneList, LaneView, problems } from '@ballast/contracts';
import { Problem } from '@ballast/platform';
import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { LaneBook } from './lane-book.js';

/** The lanes of this service: how far each was handled, and what an operator can do about one that stands still. */
@ApiTags('operations')
@Controller('operations/lanes')
export class LanesController {
  constructor(private readonly book: LaneBook) {}

  @Get()
  @ApiOperation({
    summary: 'Lanes, with their positions. Only the process that owns a lane says why it is refused.',
  })
  @ApiOkResponse({ standardSchema: LaneList })
  async list(): Promise<LaneList> {
    return { lanes: await this.book.list() };
  }

  @Post(':lane/actions')
  @HttpCode(202)
  @ApiOperation({
    summary:
      "Accepts that messages of the lane are lost, or has it read again from its topics' beginnings. The positions are " +
      'set at once, whichever process answers; the owner of the lane goes on from there within some seconds.',
  })
  @ApiAcceptedResponse({ standardSchema: LaneView })
  @ApiResponse({ status: 404, description: 'LANE_NOT_FOUND' })
  @ApiResponse({ status: 409, description: 'LANE_ACTION_REFUSED' })
  @ApiResponse({ status: 503, description: 'UNAVAILABLE' })
  async act(
    @Param('lane') segment: string,
    @Body({ schema: LaneAction }) asked: LaneAction,
  ): Promise<LaneView> {
    const lane = /^\d{1,6}$/.test(segment) ? await this.book.act(Number(segment), asked) : undefined;
    if (lane === undefined)
      throw new Problem(problems.LANE_NOT_FOUND, 'no lane of this service has this number');
    return lane;
  }
}
