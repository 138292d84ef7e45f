import { Delivery, problems, Sku, StockPage, StockQuery, stockUnitsMax, StockView } from '@ballast/contracts';
import { idempotencyKeyOf } from '@ballast/messaging';
import { Problem } from '@ballast/platform';
import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Articles } from '../storage/articles.js';

/** What `@ApiHeader` says of the header. */
const idempotencyHeader = {
  name: 'Idempotency-Key',
  required: false,
  description:
    '1 to 255 printable ASCII characters. Repeated with the same request: the same answer, and nothing added twice. Remembered for a week.',
};

/** The goods in the warehouse: read, and delivered. Only orders take any out. */
@ApiTags('stock')
@Controller('stock')
export class StockController {
  constructor(private readonly articles: Articles) {}

  @Post(':sku/deliveries')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Adds goods; the first delivery makes the SKU known. Answers with the new stock.',
  })
  @ApiHeader(idempotencyHeader)
  @ApiOkResponse({ standardSchema: StockView })
  @ApiResponse({ status: 422, description: 'IDEMPOTENCY_KEY_REUSED or STOCK_LIMIT_EXCEEDED.' })
  async deliver(
    @Param('sku', { schema: Sku }) sku: string,
    @Body({ schema: Delivery }) { quantity }: Delivery,
    @Headers('idempotency-key') header: string | undefined,
    @Res({ passthrough: true }) reply: { header(name: string, value: string): unknown },
  ): Promise<StockView> {
    const delivered = await this.articles.deliver(sku, quantity, idempotencyKeyOf(header));
    switch (delivered.kind) {
      case 'delivered':
        if (delivered.replayed) reply.header('idempotency-replayed', 'true');
        return delivered.stock;
      case 'key-reused':
        throw new Problem(
          problems.IDEMPOTENCY_KEY_REUSED,
          'the key belongs to another delivery; use a new one',
        );
      case 'too-much':
        throw new Problem(
          problems.STOCK_LIMIT_EXCEEDED,
          `with ${quantity} pieces more, the warehouse would hold more than ${stockUnitsMax} of ${sku}`,
        );
    }
  }

  @Get()
  @ApiOperation({ summary: 'Stock by SKU; the last page has no nextCursor.' })
  @ApiOkResponse({ standardSchema: StockPage })
  list(@Query({ schema: StockQuery }) { limit, cursor }: StockQuery): Promise<StockPage> {
    return this.articles.page(limit, cursor);
  }

  @Get(':sku')
  @ApiOperation({ summary: 'What of an article is available, reserved and shipped: all that was delivered.' })
  @ApiOkResponse({ standardSchema: StockView })
  @ApiResponse({ status: 404, description: 'SKU_NOT_FOUND' })
  async stock(@Param('sku') segment: string): Promise<StockView> {
    // What can't be a SKU is none of ours: 404, like any other that was never delivered.
    const sku = Sku.safeParse(segment);
    const stock = sku.success ? await this.articles.stock(sku.data) : undefined;
    if (stock === undefined) throw new Problem(problems.SKU_NOT_FOUND, 'this article was never delivered');
    return stock;
  }
}
