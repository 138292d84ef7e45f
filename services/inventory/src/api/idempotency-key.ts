import { IdempotencyKey, problems } from '@ballast/contracts';
import { Problem } from '@ballast/platform';

/** What `@ApiHeader` says of the header. */
export const idempotencyHeader = {
  name: 'Idempotency-Key',
  required: false,
  description:
    '1 to 255 printable ASCII characters. Repeated with the same request: the same answer, and nothing added twice. Remembered for a week.',
};

/** Null when the header was not sent. */
export function keyOf(header: string | undefined): string | null {
  if (header === undefined) return null;
  const key = IdempotencyKey.safeParse(header);
  if (key.success) return key.data;
  throw new Problem(
    problems.IDEMPOTENCY_KEY_INVALID,
    'the Idempotency-Key must be given once, with 1 to 255 printable ASCII characters and no spaces',
  );
}
