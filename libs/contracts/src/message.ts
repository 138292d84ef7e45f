import { z } from 'zod';

/**
 * A command: what a coordinator may ask of a participant, what the participant answers on success,
 * and with which codes it may refuse. `type` is `<participant>.<operation>`; the topic follows from it.
 */
export interface Command<
  Type extends string = string,
  Data extends z.ZodType = z.ZodType,
  Reply extends z.ZodType = z.ZodType,
  Code extends string = string,
> {
  readonly kind: 'command';
  readonly type: Type;
  readonly data: Data;
  readonly reply: Reply;
  readonly rejects: readonly Code[];
}

/** A fact that a service announces. `type` is `<service>.<fact>`. */
export interface EventType<Type extends string = string, Data extends z.ZodType = z.ZodType> {
  readonly kind: 'event';
  readonly type: Type;
  readonly data: Data;
}

export type DataOf<M extends { data: z.ZodType }> = z.infer<M['data']>;
export type ReplyOf<C extends Command> = z.infer<C['reply']>;
export type CodeOf<C extends Command> = C['rejects'][number];

export function command<
  const Type extends `${string}.${string}`,
  Data extends z.ZodType,
  Reply extends z.ZodType,
  const Code extends string = never,
>(
  type: Type,
  spec: { data: Data; reply: Reply; rejects?: readonly Code[] },
): Command<Type, Data, Reply, Code> {
  checkType(type);
  return { kind: 'command', type, data: spec.data, reply: spec.reply, rejects: spec.rejects ?? [] };
}

export function event<const Type extends `${string}.${string}`, Data extends z.ZodType>(
  type: Type,
  data: Data,
): EventType<Type, Data> {
  checkType(type);
  return { kind: 'event', type, data };
}

/** The topic follows from what is before the dot. */
function checkType(type: string): void {
  if (!/^[^.]+\../.test(type)) throw new TypeError(`"${type}" is no type of a message: <service>.<what>`);
}

/** Data and replies that carry nothing. */
export const Nothing = z.object({});

/** The topic that a command is sent to: `inventory.reserve` goes to `inventory.commands`. */
export const topicOf = (message: Command): string => `${ownerOf(message)}.commands`;

/** The topic that an event is announced on: `inventory.reserved` on `inventory.events`. */
export const topicOfEvent = (event: EventType): string => `${ownerOf(event)}.events`;

/** The part of a type before the dot: the service that handles the command or announces the event. */
export const ownerOf = (message: { type: string }): string =>
  message.type.slice(0, message.type.indexOf('.'));
