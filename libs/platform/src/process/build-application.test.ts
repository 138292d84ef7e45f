import 'reflect-metadata';
import { Controller, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { MessagePattern, Payload, Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { lastValueFrom } from 'rxjs';
import { afterEach, expect, test } from 'vitest';
import type { EdgeProblems } from '../http/problem.js';
import { createLogger } from '../logging/logger.js';
import { buildApplication } from './build-application.js';
import { startService } from './start-service.js';

const steps: string[] = [];

class Batches extends Server implements CustomTransportStrategy {
  listen(callback: () => void) {
    steps.push('listening');
    callback();
  }
  close() {
    steps.push('closed');
  }
  on() {
    return this;
  }
  unwrap<T>(): T {
    return undefined as T;
  }
  async handle(batch: unknown): Promise<unknown> {
    const handler = this.getHandlerByPattern('parcels.commands');
    if (handler === null) throw new Error('no handler');
    return lastValueFrom(this.transformToObservable(await handler(batch, {})));
  }
}

class Poisoned extends Error {
  constructor(readonly culprit: string) {
    super('one of them is bad');
  }
}

@Injectable()
@Controller()
class Parcels implements OnModuleInit {
  onModuleInit() {
    steps.push('initialised');
  }

  @MessagePattern('parcels.commands')
  handle(@Payload() batch: string[]) {
    if (batch.includes('bad')) throw new Poisoned('bad');
    return batch.length;
  }
}

@Module({ controllers: [Parcels], providers: [Batches] })
class ParcelsModule {}

let app: NestFastifyApplication;
afterEach(() => app.close());

const build = (strategy: Batches | ((from: { get(type: typeof Batches): Batches }) => Batches)) =>
  buildApplication({
    name: 'parcels',
    module: ParcelsModule,
    logger: createLogger({ name: 'parcels', level: 'silent' }),
    problems: {} as EdgeProblems,
    strategy: strategy as CustomTransportStrategy,
  });

test('messages reach their handler, and an error of it comes back as it was thrown', async () => {
  const strategy = new Batches();
  app = await build(strategy);
  expect(await strategy.handle(['good', 'good'])).toBe(2);
  const error = await strategy.handle(['good', 'bad']).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Poisoned);
  expect(error).toMatchObject({ culprit: 'bad' });
});

test('the strategy may be a provider; it listens after the modules are initialised, and is closed with them', async () => {
  steps.length = 0;
  app = await build(from => from.get(Batches));
  await app.startAllMicroservices();
  await app.close();
  expect(steps).toEqual(['initialised', 'listening', 'closed']);
  expect(await app.get(Batches).handle(['good'])).toBe(1);
});

test('a service that is closed by its own process, as in a test, leaves no listener behind', async () => {
  const events = ['SIGTERM', 'SIGINT', 'uncaughtException', 'unhandledRejection'];
  const before = events.map(event => process.listenerCount(event));
  ({ app } = await startService({
    name: 'parcels',
    module: ParcelsModule,
    logger: createLogger({ name: 'parcels', level: 'silent' }),
    problems: {} as EdgeProblems,
    configuration: { HOST: '127.0.0.1', PORT: 0 },
  }));
  expect(events.map(event => process.listenerCount(event))).toEqual(before.map(count => count + 1));
  await app.close();
  expect(events.map(event => process.listenerCount(event))).toEqual(before);
});
