import {
  DeadLetterPage,
  DeadLettersQuery,
  DeadLetterView,
  DiscardDeadLetter,
  problems,
  ReplayDeadLetter,
} from '@ballast/contracts';
import { Problem } from '@ballast/platform';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { cursorAfter, deadLetterOfCursor } from './cursor.js';
import { DeadLetters, type OperatorAction } from './dead-letters.js';

/** What could not be handled: shown, replayed, discarded. The owner of the message's lane does what is asked for here. */
@ApiTags('operations')
@Controller('operations/dead-letters')
export class DeadLettersController {
  constructor(private readonly letters: DeadLetters) {}

  @Get()
  @ApiOperation({
    summary: 'Messages that could not be handled, newest first; the last page has no nextCursor.',
  })
  @ApiOkResponse({ standardSchema: DeadLetterPage })
  async list(@Query({ schema: DeadLettersQuery }) query: DeadLettersQuery): Promise<DeadLetterPage> {
    const before = query.cursor === undefined ? Number.MAX_SAFE_INTEGER : deadLetterOfCursor(query.cursor);
    const deadLetters = await this.letters.list(before, query);
    const last = deadLetters.at(-1);
    const nextCursor = last !== undefined && deadLetters.length === query.limit ? cursorAfter(last.id) : null;
    return { deadLetters, nextCursor };
  }

  @Get(':id')
  @ApiOperation({
    summary: 'A dead letter: its error and stack, the record as it was read, and what waits for it.',
  })
  @ApiOkResponse({ standardSchema: DeadLetterView })
  @ApiResponse({ status: 404, description: 'DEAD_LETTER_NOT_FOUND' })
  async show(@Param('id') segment: string): Promise<DeadLetterView> {
    const letter = /^\d{1,15}$/.test(segment) ? await this.letters.find(Number(segment)) : undefined;
    if (letter === undefined)
      throw new Problem(problems.DEAD_LETTER_NOT_FOUND, 'no dead letter of this service has this id');
    return letter;
  }

  @Post(':id/replay')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Has the message handled again, before those that wait behind it. Asking twice is safe.',
  })
  @ApiAcceptedResponse({ standardSchema: DeadLetterView })
  @ApiResponse({ status: 404, description: 'DEAD_LETTER_NOT_FOUND' })
  @ApiResponse({ status: 409, description: 'DEAD_LETTER_SETTLED' })
  @ApiResponse({ status: 422, description: 'DEAD_LETTER_NOT_REPLAYABLE or DEAD_LETTER_NEEDS_FORCE' })
  async replay(
    @Param('id') segment: string,
    @Body({ schema: ReplayDeadLetter }) { operator, reason, force }: ReplayDeadLetter,
  ): Promise<DeadLetterView> {
    const { replayRefused, forceNeeded } = await this.show(segment);
    if (replayRefused !== null)
      throw new Problem(problems.DEAD_LETTER_NOT_REPLAYABLE, `it cannot be decoded: ${replayRefused}`);
    if (forceNeeded !== null && !force) throw new Problem(problems.DEAD_LETTER_NEEDS_FORCE, forceNeeded);
    return this.#request(segment, { action: 'replay', operator, reason, forced: force });
  }

  @Post(':id/discard')
  @HttpCode(202)
  @ApiOperation({ summary: 'Gives the message up: its order goes on without it. Asking twice is safe.' })
  @ApiAcceptedResponse({ standardSchema: DeadLetterView })
  @ApiResponse({ status: 404, description: 'DEAD_LETTER_NOT_FOUND' })
  @ApiResponse({ status: 409, description: 'DEAD_LETTER_SETTLED' })
  async discard(
    @Param('id') segment: string,
    @Body({ schema: DiscardDeadLetter }) { operator, reason }: DiscardDeadLetter,
  ): Promise<DeadLetterView> {
    await this.show(segment);
    return this.#request(segment, { action: 'discard', operator, reason, forced: false });
  }

  async #request(segment: string, asked: OperatorAction): Promise<DeadLetterView> {
    await this.letters.request(Number(segment), asked);
    const letter = await this.show(segment);
    if (letter.action?.action === asked.action) return letter;
    const before =
      letter.action === null ? letter.status : `${letter.action.action} by ${letter.action.operator}`;
    throw new Problem(problems.DEAD_LETTER_SETTLED, `there is another decision already: ${before}`);
  }
}
