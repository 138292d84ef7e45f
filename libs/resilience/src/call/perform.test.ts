import { describe, expect, test } from 'vitest';
import { DeadlinePassed } from '../errors/refused.js';
import { ControlledWork, outcomeOf } from '../testing/calls.fixture.js';
import { settled, VirtualClock } from '../testing/virtual-clock.js';
import { Call, type Work } from './call.js';
import { perform } from './perform.js';

const callOf = (work: Work<unknown>, clock = new VirtualClock()) => new Call(work, {}, clock);

describe('work', () => {
  test('is not begun for a call that was cancelled or is too late, even if no timer has rung yet', async () => {
    const control = new ControlledWork();
    const [cancelled, late] = [callOf(control.work), callOf(control.work)];
    cancelled.cancel(new Error('enough'));
    late.dueMs = late.clock.elapsedMs();
    await expect(perform(cancelled)).rejects.toThrow('enough');
    await expect(perform(late)).rejects.toBeInstanceOf(DeadlinePassed);
    expect([control.started, cancelled.begun, late.begun]).toEqual([0, false, false]);
  });

  test('that gives no promise, or throws at once, is as good as any other', async () => {
    expect(await perform(callOf((() => 7) as unknown as Work<number>))).toBe(7);
    const thrown = callOf(() => {
      throw new Error('at once');
    });
    await expect(perform(thrown)).rejects.toThrow('at once');
    expect(thrown.busy).toBe(false);
  });

  test('that goes on after its call was cancelled keeps it busy, and all around it', async () => {
    const clock = new VirtualClock();
    const control = new ControlledWork();
    const call = callOf(control.work, clock);
    const attempt = call.child(1);
    const idle: string[] = [];
    const outcome = outcomeOf(perform(attempt));
    await clock.advance(30);
    call.cancel(new Error('enough'));
    call.whenIdle(() => idle.push('call'));
    attempt.whenIdle(() => idle.push('attempt'));
    await clock.advance(30);
    expect([outcome.error, attempt.busy, call.busy, idle]).toEqual([new Error('enough'), true, true, []]);
    control.answer('late');
    await settled();
    expect([attempt.busy, call.busy, idle]).toEqual([false, false, ['attempt', 'call']]);
    // How long somebody waited for it, not how long it went on.
    expect(attempt.tookMs).toBe(30);
    call.whenIdle(() => idle.push('at once'));
    expect(idle).toHaveLength(3);
  });
});
