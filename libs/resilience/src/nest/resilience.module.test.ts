import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { expect, test } from 'vitest';
import type { CallContext } from '../call/call.js';
import { BreakerOpen } from '../errors/refused.js';
import { type AnyPipeline, pipeline } from '../pipeline/pipeline.js';
import { transient } from '../testing/calls.fixture.js';
import { InjectPipeline, Through } from './decorators.js';
import { ResilienceModule } from './resilience.module.js';

const carrier = pipeline('carrier', [
  { policy: 'timeout', timeoutMs: 5_000 },
  { policy: 'retry', attemptsMax: 3, baseMs: 1, maxMs: 1 },
  { policy: 'breaker', failureRate: 0.9, windowMs: 1_000, callsMin: 100, openMs: 1_000, probes: 1 },
]);
const printer = pipeline('printer', [{ policy: 'timeout', timeoutMs: 1_000 }]);
const tenants = pipeline('tenants', [{ policy: 'rateLimit', perSecond: 1, burst: 1, perTenant: true }]);

@Injectable()
class Labels {
  constructor(@InjectPipeline('carrier') readonly injected: AnyPipeline) {}

  readonly asked: string[] = [];
  readonly deadlines: (number | undefined)[] = [];

  @Through('carrier')
  async label(order: string, context?: CallContext): Promise<string> {
    this.asked.push(`${order} ${context?.attempt} ${context?.signal.aborted}`);
    this.deadlines.push(context?.deadline?.getTime());
    if (context?.attempt === 1) throw transient();
    return `label of ${order}`;
  }

  @Through('printer')
  print(order: string, context?: CallContext): Promise<string> {
    return this.label(order, context);
  }

  @Through('tenants', (tenant: string) => ({ tenant }))
  async greet(tenant: string, _context?: CallContext): Promise<string> {
    return `hello ${tenant}`;
  }
}

@Module({ imports: [ResilienceModule.of(carrier, printer, tenants)], providers: [Labels] })
class Application {}

test('a method goes through the pipeline that its module provides', async () => {
  const app = await NestFactory.createApplicationContext(Application, { logger: false });
  const labels = app.get(Labels);
  expect(labels.injected).toBe(carrier);
  expect(await labels.label('an order')).toBe('label of an order');
  expect(labels.asked).toEqual(['an order 1 false', 'an order 2 false']);
  carrier.policy('breaker').open();
  await expect(labels.label('another')).rejects.toBeInstanceOf(BreakerOpen);
  await app.close();
});

test('a context that is passed on bounds the next call too', async () => {
  const app = await NestFactory.createApplicationContext(Application, { logger: false });
  const labels = app.get(Labels);
  carrier.policy('breaker').close();
  expect(await labels.print('an order')).toBe('label of an order');
  // The printer's second, not the carrier's five.
  expect(labels.deadlines[0]! - Date.now()).toBeLessThanOrEqual(1_000);
  await app.close();
});

test('what is said about a call may come from its arguments', async () => {
  const app = await NestFactory.createApplicationContext(Application, { logger: false });
  const labels = app.get(Labels);
  expect(await labels.greet('a')).toBe('hello a');
  expect(await labels.greet('b')).toBe('hello b');
  await expect(labels.greet('a')).rejects.toMatchObject({ code: 'BALLAST_RATE_LIMITED' });
  await app.close();
});

test('two pipelines of one name are refused', () => {
  expect(() => ResilienceModule.of(carrier, carrier)).toThrow('two pipelines to carrier');
});
