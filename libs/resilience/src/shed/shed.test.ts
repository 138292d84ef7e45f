import { describe, expect, test } from 'vitest';
import { priorities, type Priority } from '../call/call.js';
import { Shed } from '../errors/refused.js';
import { ControlledWork, outcomeOf } from '../testing/calls.fixture.js';
import { settled } from '../testing/virtual-clock.js';
import { LoadShedding } from './shed.js';

const shedding = (load?: () => number) => new LoadShedding({ policy: 'shed', inFlightMax: 10 }, {}, load);

const unreadable = () => {
  throw new Error('the gauge is broken');
};

/** Which priorities are let in by now. */
async function letIn(policy: LoadShedding): Promise<Priority[]> {
  const made: Priority[] = [];
  for (const priority of priorities) {
    const work = () => Promise.resolve(made.push(priority));
    await policy.run(work, { priority }).catch(error => expect(error).toBeInstanceOf(Shed));
  }
  return made;
}

describe('with more and more to do', () => {
  test('the less important calls are refused first, and the critical ones never', async () => {
    const policy = shedding();
    const control = new ControlledWork();
    const seen: string[] = [];
    for (let inFlight = 0; inFlight <= 20; inFlight++) {
      seen.push((await letIn(policy)).join(' '));
      void policy.run(control.work, { priority: 'critical' });
    }
    expect(seen.map(text => text.split(' ').length)).toEqual([
      ...[4, 4, 4, 4, 4, 3, 3, 3, 2, 2],
      ...Array<number>(11).fill(1),
    ]);
    expect([seen[0], seen[5], seen[8], seen[20]]).toEqual([
      'critical high normal low',
      'critical high normal',
      'critical high',
      'critical',
    ]);
  });

  test('a load measured elsewhere counts as well', async () => {
    let load = 0.9;
    const policy = shedding(() => load);
    expect(await letIn(policy)).toEqual(['critical', 'high']);
    load = 0.1;
    expect(await letIn(policy)).toEqual(priorities);
    expect(policy.state()).toMatchObject({ load: 0.1, refused: { high: 0, normal: 1, low: 1 } });
  });

  test.each<[string, () => number]>([
    ['throws', () => unreadable()],
    ['is no number', () => NaN],
    ['makes no sense', () => -1],
  ])('a load that %s is none, and a warning', async (_, load) => {
    const warned = new Promise(resolve => process.once('warning', resolve));
    const policy = shedding(load);
    const control = new ControlledWork();
    for (let inFlight = 0; inFlight < 8; inFlight++) void policy.run(control.work, { priority: 'critical' });
    expect(await letIn(policy)).toEqual(['critical', 'high']);
    expect(await warned).toMatchObject({
      message: expect.stringContaining('call: the load counts as none: ') as string,
    });
    expect(policy.state()).toMatchObject({ inFlight: 8, load: 0.8 });
  });

  test.each([undefined, 'urgent', 'toString'])('a call of priority %s is normal', async priority => {
    const policy = shedding(() => 0.8);
    const options = { priority: priority as Priority | undefined };
    await expect(policy.run(() => Promise.resolve(), options)).rejects.toMatchObject({
      code: 'BALLAST_SHED',
    });
    expect(policy.state().refused).toEqual({ high: 0, normal: 1, low: 0 });
  });

  test('a call counts until its work has settled', async () => {
    const policy = shedding();
    const caller = new AbortController();
    const control = new ControlledWork();
    const outcome = outcomeOf(policy.run(control.work, { signal: caller.signal }));
    caller.abort();
    await settled();
    expect([outcome.settled, policy.state().inFlight]).toEqual([true, 1]);
    control.fail(new Error('late'));
    await settled();
    expect(policy.state().inFlight).toBe(0);
  });

  test('other shares hold at once', async () => {
    const policy = shedding(() => 0.6);
    policy.reconfigure({ policy: 'shed', inFlightMax: 10, upTo: { normal: 0.3, low: 0.9 } });
    expect(await letIn(policy)).toEqual(['critical', 'high', 'low']);
    expect(() => policy.reconfigure({ policy: 'shed', inFlightMax: 0 })).toThrow(RangeError);
  });
});
