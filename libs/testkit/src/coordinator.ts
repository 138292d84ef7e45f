import { type Answer, answerType, repliesTopic } from '@ballast/contracts';
import {
  createMessage,
  decode,
  encode,
  laneOf,
  type Message,
  readTopic,
  writeTopic,
} from '@ballast/messaging';
import { expect } from 'vitest';
import type { TestTopics } from './topics.js';

/** What a command is about: its type, and the data of that type's contract. */
export interface About {
  readonly type: string;
  readonly data: unknown;
}

/** A command of a coordinator; a new message each time. */
export const command = (orderId: string, { type, data }: About): Message =>
  createMessage({
    at: new Date(),
    type,
    source: '/orchestrator',
    subject: orderId,
    data,
    sagaid: orderId,
    step: type,
    attempt: 1,
  });

/** A coordinator in a test's hands: commands for one participant, and what it answered. */
export interface TestCoordinator {
  send(...messages: readonly Message[]): Promise<void>;
  /** Everything that was answered, one message each: who takes a lane over may send its predecessor's last ones again. */
  replies(): Promise<Message<Answer>[]>;
  /** Waits for so many answers to an order; fails when there are more. */
  repliesTo(orderId: string, count: number): Promise<Message<Answer>[]>;
  /** The first answer to each of many orders, once all of them have one. */
  firstRepliesTo(orderIds: readonly string[]): Promise<Message<Answer>[]>;
  /** Sends a command and waits for its answer, which is told from those to earlier ones by its attempt. */
  ask(orderId: string, about: About): Promise<Answer>;
}

/** @param options.commands the participant's own topic, without the prefix, of as many partitions as `lanes` */
export function coordinatorForTest(
  topics: TestTopics,
  options: { readonly commands: string; readonly lanes: number },
): TestCoordinator {
  let attempts = 1;

  async function send(...messages: readonly Message[]): Promise<void> {
    const records = messages.map(message => ({
      partition: laneOf(message.subject, options.lanes),
      key: message.subject,
      value: encode(message),
    }));
    await writeTopic(topics.brokers, topics.prefix + options.commands, records);
  }

  async function replies(): Promise<Message<Answer>[]> {
    const records = await readTopic(topics.brokers, topics.prefix + repliesTopic);
    const messages = records.map(({ key, value }) => decode(key, value) as Message<Answer>);
    return [...new Map(messages.map(message => [message.id, message])).values()];
  }

  async function repliesWhere(
    wanted: (reply: Message<Answer>) => boolean,
    count: number,
  ): Promise<Message<Answer>[]> {
    let found: Message<Answer>[] = [];
    await until(async () => (found = (await replies()).filter(wanted)).length >= count);
    expect(found).toHaveLength(count);
    return found;
  }

  return {
    send,
    replies,
    repliesTo: (orderId, count) => repliesWhere(({ subject }) => subject === orderId, count),
    async firstRepliesTo(orderIds) {
      let found = new Map<string, Message<Answer>[]>();
      await until(async () => {
        found = Map.groupBy(await replies(), ({ subject }) => subject);
        return orderIds.every(orderId => found.has(orderId));
      });
      return orderIds.map(orderId => found.get(orderId)![0]!);
    },
    async ask(orderId, about) {
      const attempt = ++attempts;
      await send({ ...command(orderId, about), attempt });
      const type = answerType(about);
      const isItsAnswer = (reply: Message<Answer>) =>
        reply.subject === orderId && reply.type === type && reply.attempt === attempt;
      return (await repliesWhere(isItsAnswer, 1))[0]!.data;
    },
  };
}

/** Waits until it is so: 20 seconds, if nothing else is said, and then fails. */
export async function until(
  isSo: () => Promise<boolean>,
  options: { readonly timeout?: number } = {},
): Promise<void> {
  await expect.poll(isSo, { interval: 20, timeout: 20_000, ...options }).toBe(true);
}
