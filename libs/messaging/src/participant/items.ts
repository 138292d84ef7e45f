import { isWrittenOrderId, type OutsideAnswer } from '@ballast/contracts';
import { z } from 'zod';
import type { Message } from '../message.js';
import { orderOf, PoisonedWork, type Work } from '../lanes/work.js';
import type { HeardItem, Hearing } from '../reactions/hearing.js';
import type { Route, Routes } from './routes.js';

/** A command, with its data as the contract reads it. */
export interface CommandItem {
  readonly kind: 'command';
  readonly work: Work;
  readonly orderId: string;
  readonly route: Route;
  readonly message: Message;
}

/** An outside party's definite answer. */
export interface AnswerItem {
  readonly kind: 'answer';
  readonly work: Work;
  readonly orderId: string;
  readonly route: Route;
  readonly answered: CallAnswered;
}

/** An outside call that goes on being asked. */
export interface AttemptItem {
  readonly kind: 'attempt';
  readonly orderId: string;
  readonly attempted: CallAttempted;
}

/** What the worker of the outside calls submits to the loop. */
export type CallAnswered = z.infer<typeof CallAnswered>;
export type CallAttempted = z.infer<typeof CallAttempted>;

const text = z.string();
const AnswerOfParty: z.ZodType<OutsideAnswer> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('accepted'), body: z.unknown() }),
  z.object({ kind: z.literal('refused'), code: text, detail: text.optional() }),
]);
const call = { operation: text, round: z.int().min(1), attempt: z.int().min(0) };
const CallAnswered = z.object({ kind: z.literal('answered'), ...call, answer: AnswerOfParty });
const CallAttempted = z.object({ kind: z.literal('attempted'), ...call, delayMs: z.number().min(0) });
const Submitted = z.discriminatedUnion('kind', [CallAnswered, CallAttempted]);

export const isAnswerOfParty = (value: unknown): value is OutsideAnswer =>
  AnswerOfParty.safeParse(value).success;

/**
 * What each work item is about. A command's data is validated here, and nowhere else on its way.
 * Throws PoisonedWork with everything that this participant cannot handle.
 * @param hearing for a participant that reacts to events as well
 */
export function itemsOf(
  work: readonly Work[],
  routes: Routes,
  hearing: Hearing | null = null,
): (CommandItem | HeardItem | AnswerItem | AttemptItem)[] {
  const causes = new Map<Work, unknown>();
  const items = work.flatMap(one => {
    try {
      return hearing?.passesBy(one) ? [] : [itemOf(one, routes, hearing)];
    } catch (error) {
      causes.set(one, error);
      return [];
    }
  });
  if (causes.size > 0) throw new PoisonedWork(causes);
  return items;
}

/** What has to be read before the work can be decided on. What is not valid is left out: `itemsOf` refuses it later. */
export function lookUpsOf(work: readonly Work[]): {
  orderIds: string[];
  calls: { orderId: string; operation: string }[];
} {
  const orderIds = new Set<string>();
  const calls: { orderId: string; operation: string }[] = [];
  for (const one of work) {
    const orderId = orderOf(one);
    if (!isWrittenOrderId(orderId)) continue;
    orderIds.add(orderId);
    if (one.kind !== 'submitted') continue;
    const answered = CallAnswered.safeParse(one.payload);
    if (answered.success) calls.push({ orderId, operation: answered.data.operation });
  }
  return { orderIds: [...orderIds], calls };
}

function itemOf(
  work: Work,
  routes: Routes,
  hearing: Hearing | null,
): CommandItem | HeardItem | AnswerItem | AttemptItem {
  switch (work.kind) {
    case 'message':
      // Another spelling of the same id would pass by what is stored under this one.
      if (!isWrittenOrderId(work.message.subject)) {
        throw new InvalidCommand(work.message, 'the subject is not an order id: a UUID in lower case');
      }
      return hearing?.hears(work) ? hearing.itemOf(work) : commandOf(work, work.message, routes);
    case 'submitted':
      return submittedOf(work, work.payload, work.orderId, routes);
    case 'timer':
      if (hearing === null) throw new Error('a participant has no timers');
      return hearing.itemOf(work);
  }
}

function commandOf(work: Work, message: Message, routes: Routes): CommandItem {
  if (message.deadline !== undefined && Number.isNaN(Date.parse(message.deadline))) {
    throw new InvalidCommand(message, 'the deadline is no time');
  }
  const parsed = routeOf(message.type, routes).operation.command.data.safeParse(message.data);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(
      (issue: z.core.$ZodIssue) => `${issue.path.join('.') || 'data'}: ${issue.message}`,
    );
    throw new InvalidCommand(message, issues.slice(0, 5).join('; '));
  }
  return {
    kind: 'command',
    work,
    orderId: message.subject,
    route: routeOf(message.type, routes),
    message: { ...message, data: parsed.data },
  };
}

function submittedOf(
  work: Work,
  payload: unknown,
  orderId: string,
  routes: Routes,
): AnswerItem | AttemptItem {
  const submitted = Submitted.parse(payload);
  return submitted.kind === 'attempted'
    ? { kind: 'attempt', orderId, attempted: submitted }
    : { kind: 'answer', work, orderId, route: routeOf(submitted.operation, routes), answered: submitted };
}

function routeOf(type: string, { byType }: Routes): Route {
  const route = byType.get(type);
  if (route === undefined)
    throw new Error(`${type} is not handled here: ${[...byType.keys()].join(', ')} are`);
  return route;
}

/** A command that the contract does not allow. */
export class InvalidCommand extends Error {
  constructor({ type, id }: Message, reason: string) {
    super(`${type} ${id} is not valid: ${reason}`);
    this.name = 'InvalidCommand';
  }
}
