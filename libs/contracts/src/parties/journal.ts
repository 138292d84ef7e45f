import { z } from 'zod';

/**
 * `GET /journal?after=0&limit=1000` at a simulated party: what it really did, in order, each thing once, whatever was
 * asked how often. A repeated key does nothing again and is counted in `calls`.
 */
export const JournalEntry = z.object({
  /** From 1, without gaps; a page goes on after the last one of the page before. */
  seq: z.int(),
  key: z.string(),
  operation: z.enum(['hold', 'capture', 'void', 'label']),
  /** Both are definite: the same key is answered the same for ever. */
  outcome: z.enum(['done', 'declined']),
  /** What was handed out: the hold's, the capture's or the tracking number; null when nothing was. */
  id: z.string().nullable(),
  /** What it was about: a hold's card token, a capture's or void's hold id, a label's order id. */
  about: z.string(),
  amountCents: z.int().nullable(),
  at: z.iso.datetime(),
  /** How many calls came with this key, the one that did it included. */
  calls: z.int(),
});
export type JournalEntry = z.infer<typeof JournalEntry>;

export const JournalPage = z.object({
  entries: z.array(JournalEntry),
  /** The `after` of the next page; null when this was the last one so far. */
  next: z.int().nullable(),
});
export type JournalPage = z.infer<typeof JournalPage>;

export const JournalQuery = z.object({
  after: z.coerce.number().pipe(z.int().min(0)).default(0),
  limit: z.coerce.number().pipe(z.int().min(1).max(10_000)).default(1_000),
});
