import { OperationView } from '@ballast/contracts';
import { applyDecorators, HttpCode } from '@nestjs/common';
import { ApiAcceptedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiResponse } from '@nestjs/swagger';

/**
 * What every route has in common that `OperationAnswers` answers with what became of a wish, for the documentation.
 * @param each what the wish is about
 */
export const OperatorRoute = (each: 'saga' | 'order', summary: string) =>
  applyDecorators(
    ApiOperation({ summary }),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        '1 to 255 printable ASCII characters. Repeated with the same body: applied once, answered the same.',
    }),
    HttpCode(200),
    ApiOkResponse({ standardSchema: OperationView, description: `What became of it, ${each} by ${each}.` }),
    ApiAcceptedResponse({
      standardSchema: OperationView,
      description: 'Not all of it was handled within `wait`; Location tells later.',
    }),
    ApiResponse({ status: 422, description: 'IDEMPOTENCY_KEY_REUSED' }),
  );
