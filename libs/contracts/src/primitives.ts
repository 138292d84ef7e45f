import { z } from 'zod';

/** Text that PostgreSQL can store: jsonb and text refuse U+0000, which JSON and plain zod strings let through. */
export const text = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .refine(value => !value.includes('\u0000'), { message: 'must not contain U+0000' })
    .refine(value => value.isWellFormed(), { message: 'must be well-formed Unicode' });

/** UUIDv7 in lower case: the key of every message of one order. */
export const OrderId = z.uuid().toLowerCase().meta({ id: 'OrderId' });
export type OrderId = z.infer<typeof OrderId>;

/** How an order's id is written in messages and keys, as a regular expression: in lower case, so that a key has one partition. */
export const writtenOrderId = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const orderIdAlone = new RegExp(`^${writtenOrderId}$`);
export const isWrittenOrderId = (text: string): boolean => orderIdAlone.test(text);

/** Letters, digits, `.`, `_` and `-`, 64 at most: safe in a URL (so not `.` or `..`), a key and a metric label. */
const identifier = z.string().regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/);

export const Sku = identifier.meta({ id: 'Sku', example: 'blue-kettle' });
export const CustomerId = identifier.meta({ id: 'CustomerId', example: 'alice' });
export const Zone = identifier.meta({ id: 'Zone', example: 'north' });

/** A calendar day in UTC, `YYYY-MM-DD`. There is no year 0000, and PostgreSQL refuses it. */
export const Day = z.iso
  .date()
  .refine(day => day >= '0001', { message: 'must not be in the year 0000' })
  .meta({ id: 'Day', example: '2030-12-24' });

/** The longest that anything waits, a year, in milliseconds: more is a mistake, and further on dates end. */
export const longestMs = 31_536_000_000;

/** Minor units of one currency. 10^12 keeps sums of a hundred lines exact in a double. */
export const Cents = z.int().min(0).max(1_000_000_000_000);
export const PositiveCents = Cents.min(1);

export const Quantity = z.int().min(1).max(10_000);

/** One article of an order and how many of it. */
export const StockLine = z.object({ sku: Sku, quantity: Quantity });
export type StockLine = z.infer<typeof StockLine>;

export const Address = z
  .object({ zone: Zone, name: text(200), street: text(200), city: text(100), postalCode: text(20) })
  .meta({ id: 'Address' });
export type Address = z.infer<typeof Address>;

/** How the customer pays. A card is a token of the gateway, never a number. */
export const PaymentMethod = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('wallet') }),
    z.object({ kind: z.literal('card'), token: identifier }),
  ])
  .meta({ id: 'PaymentMethod' });
export type PaymentMethod = z.infer<typeof PaymentMethod>;
