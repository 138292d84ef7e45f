import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { addressesOfLastStart } from './last-start.js';

const directory = mkdtempSync(join(tmpdir(), 'last-start-'));
afterAll(() => rmSync(directory, { recursive: true }));

test('a folder in which nothing was started has no addresses', () => {
  expect(addressesOfLastStart(directory, {})).toBeNull();
});

test('the addresses are those of the newest start, and outside servers come first', () => {
  const passwords = { order: 'o', inventory: 'i', payment: 'p', shipping: 's', orchestrator: 'x' };
  writeFileSync(join(directory, 'ports.json'), JSON.stringify({ postgres: 5_001, kafka: 9_001 }));
  writeFileSync(join(directory, 'secrets.json'), JSON.stringify({ postgres: 'top', ...passwords }));
  expect(addressesOfLastStart(directory, {})).toEqual({
    directory,
    brokers: ['127.0.0.1:9001'],
    databaseUrls: expect.objectContaining({ payment: 'postgresql://payment:p@127.0.0.1:5001/payment' }),
    topicPrefix: '',
  });
  const elsewhere = {
    KAFKA_BROKERS: 'a:1,b:2',
    PAYMENT_DATABASE_URL: 'postgresql://x/y',
    TOPIC_PREFIX: 't.',
  };
  const found = addressesOfLastStart(directory, elsewhere)!;
  expect(found.brokers).toEqual(['a:1', 'b:2']);
  expect(found.databaseUrls.payment).toBe('postgresql://x/y');
  expect(found.databaseUrls.order).toContain('127.0.0.1:5001');
  expect(found.topicPrefix).toBe('t.');
});
