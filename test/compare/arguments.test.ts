import { serviceNames } from '@ballast/contracts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { compareArguments } from './arguments.js';

const folder = mkdtempSync(join(tmpdir(), 'compare-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

const fileWith = (content: string) => {
  const file = join(folder, 'faults.json');
  writeFileSync(file, content);
  return ['--faults', file];
};

test('what is not said is as usual', () => {
  expect(compareArguments([])).toEqual({
    orders: 2_000,
    seed: 1,
    skew: 'none',
    inFlight: 64,
    faults: { parties: {}, kills: [] },
    json: null,
    html: null,
  });
});

test('files are named from where the command was called', () => {
  vi.stubEnv('BALLAST_CALLED_FROM', folder);
  expect(compareArguments(['--json', 'a.json', '--html', '/b.html'])).toMatchObject({
    json: join(folder, 'a.json'),
    html: '/b.html',
  });
});

test('faults are read from a file', () => {
  const faults = {
    parties: { carrier: { rules: [{ answer: 'unknown', times: 3 }] } },
    kills: [{ process: 'payment', everyOrders: 50 }],
  };
  expect(compareArguments(fileWith(JSON.stringify(faults))).faults).toMatchObject({
    parties: { carrier: { rules: [{ answer: 'unknown', times: 3, delayMs: 0 }] } },
    kills: [{ process: 'payment', everyOrders: 50, downMs: 0 }],
  });
});

test('the example is one', () => {
  vi.stubEnv('BALLAST_CALLED_FROM', import.meta.dirname);
  const { faults } = compareArguments(['--faults', 'faults.example.json']);
  expect(faults.parties.carrier?.rules).toHaveLength(3);
  expect(new Set(faults.kills.map(({ process }) => process))).toEqual(new Set(serviceNames));
});

test.each<[string[], string]>([
  [['--orders', 'many'], '--orders: a whole number from 1'],
  [['--orders', '0'], '--orders: a whole number from 1'],
  [['--seed', '-1'], '--seed'],
  [['--skew', 'normal'], '--skew: none or zipf, not "normal"'],
  [['--protocol', 'tcc'], '--protocol'],
  [['tcc'], 'tcc'],
  [['--json', 'no/such/folder/a.json'], '--json: there is no folder'],
  [['--html', '/'], '--html: / is a folder'],
  [['--faults', '/nowhere.json'], '--faults /nowhere.json: ENOENT'],
])('%j is a clear error', (args, complaint) => {
  expect(() => compareArguments(args)).toThrow(complaint);
});

test.each([
  ['not JSON', 'JSON'],
  ['{"kills": [{"process": "kafka", "everyOrders": 5}]}', 'kills.0.process'],
  ['{"kills": [{"process": "order", "everyOrders": 0}]}', 'kills.0.everyOrders'],
  ['{"parties": {"carrier": {"rules": [{"answer": "maybe"}]}}}', 'parties.carrier.rules.0.answer'],
  ['{"parties": {"card-gateway": {"rules": []}}}', 'card-gateway'],
  ['{"storms": []}', 'storms'],
])('a file with %s is a clear error', (content, complaint) => {
  expect(() => compareArguments(fileWith(content))).toThrow(complaint);
});
