import { createLogger } from '@ballast/platform';
import { expect, test, vi } from 'vitest';
import { untilKafkaAnswers } from './connection.js';

const options = { brokers: ['localhost:1'], logger: createLogger({ name: 'test', level: 'silent' }) };
const named = (name: string, cause?: Error) =>
  Object.assign(new Error('why', cause === undefined ? {} : { cause }), { name });

test('what a process asks Kafka first is asked again while a broker is silent', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  try {
    const answers = [
      named('KafkaJSRequestTimeoutError'),
      named('KafkaJSNumberOfRetriesExceeded', named('KafkaJSConnectionError')),
      new Error('Broker not connected'),
      Object.assign(new TypeError('is null'), {
        stack: 'at describeCluster (node_modules/kafkajs/src/admin/index.js)',
      }),
    ];
    const ask = () => (answers.length > 0 ? Promise.reject(answers.shift()!) : Promise.resolve('there'));
    const answered = untilKafkaAnswers(ask, options);
    await vi.runAllTimersAsync();
    expect(await answered).toBe('there');
  } finally {
    vi.useRealTimers();
  }
});

test.each([
  named('KafkaJSProtocolError'),
  named('KafkaJSSASLAuthenticationError'),
  new Error('another'),
  new TypeError('ours'),
])('what does not pass by itself is an error at once: $name', async error => {
  await expect(untilKafkaAnswers(() => Promise.reject(error), options)).rejects.toBe(error);
});
