import { z } from 'zod';
import type { Command } from './message.js';

/**
 * What a participant answers to a command. `done`, `rejected` and `aborted` are definite: they hold for every attempt.
 * `aborted` says that the do was refused because its undo, or its deadline, came first.
 * `refused` is transient: an undo or a must-finish operation could not be done now, and is worth another attempt.
 */
export type Answer<Reply = unknown, Code extends string = string> =
  | { readonly outcome: 'done'; readonly reply: Reply }
  | { readonly outcome: 'rejected'; readonly code: Code; readonly detail?: string | undefined }
  | { readonly outcome: 'aborted' }
  | { readonly outcome: 'refused'; readonly code: string; readonly detail?: string | undefined };

const Detail = z.string().max(2_000).optional();

/** The schema of a reply message's data, for one command. */
export function answerOf(command: Command): z.ZodType<Answer> {
  return z.discriminatedUnion('outcome', [
    z.object({ outcome: z.literal('done'), reply: command.reply }),
    z.object({
      outcome: z.literal('rejected'),
      code: z.enum(command.rejects as [string, ...string[]]),
      detail: Detail,
    }),
    z.object({ outcome: z.literal('aborted') }),
    z.object({ outcome: z.literal('refused'), code: z.string().max(100), detail: Detail }),
  ]);
}

/** The type of the message that answers a command: `inventory.reserve` is answered by `inventory.reserve.answered`. */
export const answerType = (command: { type: string }): string => `${command.type}.answered`;
