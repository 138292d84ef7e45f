import { OrderId, problems, ReservationView } from '@ballast/contracts';
import { Problem } from '@ballast/platform';
import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Articles } from '../storage/articles.js';

/** The goods of one order. */
@ApiTags('reservations')
@Controller('reservations')
export class ReservationsController {
  constructor(private readonly articles: Articles) {}

  @Get(':orderId')
  @ApiOperation({ summary: 'What was reserved for an order, and what became of it.' })
  @ApiOkResponse({ standardSchema: ReservationView })
  @ApiResponse({ status: 404, description: 'RESERVATION_NOT_FOUND' })
  async reservation(@Param('orderId') segment: string): Promise<ReservationView> {
    const id = OrderId.safeParse(segment);
    const reservation = id.success ? await this.articles.reservation(id.data) : undefined;
    if (reservation === undefined)
      throw new Problem(problems.RESERVATION_NOT_FOUND, 'nothing is or was reserved for this order');
    return reservation;
  }
}
