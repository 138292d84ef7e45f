import { Problem } from '@ballast/platform';
import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { WaitingRoom } from './waiting-room.js';

/** Something to wait for, and how many watch it. */
function happening() {
  const watchers = new Set<(value: string) => void>();
  return {
    happen: (value: string) => [...watchers].forEach(tell => tell(value)),
    get watchers() {
      return watchers.size;
    },
    watch: (tell: (value: string) => void) => {
      watchers.add(tell);
      return () => void watchers.delete(tell);
    },
  };
}
const client = () => new EventEmitter();
const waiting = (seats = 1, waitMs = 10_000, of = client()) => ({ seats, waitMs, client: of });

test('a wait ends with what was waited for', async () => {
  const room = new WaitingRoom(10);
  const event = happening();
  const wait = room.wait(waiting(), event.watch);
  event.happen('it');
  expect(await wait).toBe('it');
  expect(event.watchers).toBe(0);
});

test('a wait ends when its time is up, when its client goes away, and when the room closes', async () => {
  const room = new WaitingRoom(10);
  const event = happening();
  const impatient = client();
  const gone = client();
  const waits = [
    room.wait(waiting(1, 20, impatient), event.watch),
    room.wait(waiting(1, 10_000, gone), event.watch),
    room.wait(waiting(), event.watch),
  ];
  expect(await waits[0]).toBeUndefined();
  gone.emit('close');
  expect(await waits[1]).toBeUndefined();
  room.close();
  expect(await waits[2]).toBeUndefined();
  expect(event.watchers).toBe(0);
  expect(impatient.listenerCount('close') + gone.listenerCount('close')).toBe(0);
});

test('seats are bounded, and free again after a wait however it ended', async () => {
  const room = new WaitingRoom(3);
  const event = happening();
  for (let round = 0; round < 3; round++) {
    const wait = room.wait(waiting(3, round === 0 ? 10 : 10_000), event.watch);
    const refused = await room.wait(waiting(), event.watch).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Problem);
    expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    if (round > 0) event.happen('it');
    await wait;
  }
});

test('nobody is kept waiting in a closed room', async () => {
  const room = new WaitingRoom(3);
  room.close();
  expect(await room.wait(waiting(), happening().watch)).toBeUndefined();
});
