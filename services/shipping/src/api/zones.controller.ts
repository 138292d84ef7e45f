import { AddSlots, CapacityView, Day, problems, Zone } from '@ballast/contracts';
import { idempotencyKeyOf } from '@ballast/messaging';
import { Problem } from '@ballast/platform';
import { Body, Controller, Get, Headers, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Capacities } from '../storage/capacities.js';

/** The carrier's capacity: read, and added to. Only orders take slots, and give them back. */
@ApiTags('zones')
@Controller('zones/:zone/days/:day')
export class ZonesController {
  constructor(private readonly capacities: Capacities) {}

  @Post('slots')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Adds slots to a zone’s day; the first make the zone served. Answers with the new capacity.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description:
      '1 to 255 printable ASCII characters. Repeated with the same slots: the same answer, and nothing added twice. Remembered for a week.',
  })
  @ApiOkResponse({ standardSchema: CapacityView })
  @ApiResponse({ status: 422, description: 'IDEMPOTENCY_KEY_REUSED' })
  async addSlots(
    @Param('zone', { schema: Zone }) zone: string,
    @Param('day', { schema: Day }) day: string,
    @Body({ schema: AddSlots }) { slots }: AddSlots,
    @Headers('idempotency-key') header: string | undefined,
    @Res({ passthrough: true }) reply: { header(name: string, value: string): unknown },
  ): Promise<CapacityView> {
    const added = await this.capacities.addSlots(zone, day, slots, idempotencyKeyOf(header));
    switch (added.kind) {
      case 'added':
        if (added.replayed) reply.header('idempotency-replayed', 'true');
        return added.capacity;
      case 'key-reused':
        throw new Problem(problems.IDEMPOTENCY_KEY_REUSED, 'the key belongs to other slots; use a new one');
    }
  }

  @Get()
  @ApiOperation({ summary: 'How many slots of a zone’s day are free, and how many are taken.' })
  @ApiOkResponse({ standardSchema: CapacityView })
  @ApiResponse({ status: 404, description: 'CAPACITY_NOT_FOUND' })
  async capacity(
    @Param('zone') zoneSegment: string,
    @Param('day') daySegment: string,
  ): Promise<CapacityView> {
    // What can't be a zone or a day has no capacity: 404, like any other that no slots were added for.
    const [zone, day] = [Zone.safeParse(zoneSegment), Day.safeParse(daySegment)];
    const capacity =
      zone.success && day.success ? await this.capacities.capacity(zone.data, day.data) : undefined;
    if (capacity === undefined)
      throw new Problem(problems.CAPACITY_NOT_FOUND, 'this zone has no slots on this day');
    return capacity;
  }
}
