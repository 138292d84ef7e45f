import { createLogger } from '@ballast/platform';
import type { MessageEvent } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { OrderWatcher } from '../watching/order-watcher.js';
import { WaitingRoom } from '../watching/waiting-room.js';
import { StatusStreams } from './status-streams.js';

test('a stream on which nothing happens carries comments, until it is left', async () => {
  const watcher = new OrderWatcher(
    () => Promise.resolve([]),
    createLogger({ name: 'test', level: 'silent' }),
  );
  const room = new WaitingRoom(1);
  const order = {
    id: '019a6f00-0000-7000-8000-000000000000',
    customerId: 'alice',
    status: 'PENDING',
    reason: null,
    protocol: 'orchestrated',
    amountCents: 1,
    details: '{}',
    placedAt: new Date(),
    endedAt: null,
  } as const;
  const messages: MessageEvent[] = [];
  const stream = new StatusStreams(watcher, room, 20).of(order).subscribe(message => messages.push(message));
  await expect.poll(() => messages.length, { interval: 10 }).toBeGreaterThanOrEqual(3);
  stream.unsubscribe();
  const [first, ...comments] = messages;
  expect(first).toMatchObject({ type: 'status', id: 'PENDING' });
  expect(comments.length).toBeGreaterThanOrEqual(2);
  expect(new Set(comments.map(comment => JSON.stringify(comment)))).toEqual(
    new Set(['{"comment":"pending"}']),
  );
  await sleep(50);
  expect(messages).toHaveLength(comments.length + 1);
  // Its seat is free again.
  room.enter(1, () => undefined);
  watcher.close();
});
