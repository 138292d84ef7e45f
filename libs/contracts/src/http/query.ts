import { z } from 'zod';

/** A number in a query string, between two bounds: digits only, as `Number` also takes '', ' 1' and '0x10'. */
export const whole = (minimum: number, maximum: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.int().min(minimum).max(maximum));
