import { IdempotencyKey, problems } from '@ballast/contracts';
import { Problem } from '@ballast/platform';

/** The key of a request's `Idempotency-Key` header; null when it was not sent. Throws a Problem (400) for one that is none. */
export function idempotencyKeyOf(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  const key = IdempotencyKey.safeParse(header);
  if (key.success) return key.data;
  throw new Problem(
    problems.IDEMPOTENCY_KEY_INVALID,
    'the Idempotency-Key must be given once, with 1 to 255 printable ASCII characters and no spaces',
  );
}
