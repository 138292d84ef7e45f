import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { missingPrerequisites } from './prerequisites.mjs';

const debian12 = 'ID=debian\nVERSION_ID="12"\n';
const java = version => `#!/bin/sh\necho 'openjdk version "${version}" 2025-04-15' >&2\n`;
const anything = '#!/bin/sh\n';

test('with Java 17 and Maven nothing is missing, with later ones neither', () => {
  for (const version of ['17.0.15', '21', '25-ea', '26.0.1']) {
    expect(check({ java: java(version), mvn: anything })).toBeNull();
  }
});

test('without Java the line says so, and the command installs it', () => {
  expect(check({ mvn: anything, 'apt-get': anything })).toBe(
    'Java 17 or later is missing (to run Kafka; or set KAFKA_BROKERS to use yours). ' +
      'Install with: sudo apt-get update && sudo apt-get install -y openjdk-17-jre-headless',
  );
});

test('a Java that is too old is named', () => {
  expect(check({ java: java('11.0.2'), mvn: anything })).toContain(
    'Java 17 or later is needed, and this is Java 11',
  );
  expect(check({ java: java('1.8.0_402'), mvn: anything })).toContain('this is Java 8');
});

test('a java that does not run, such as the stub of macOS, is no Java', () => {
  expect(check({ java: '#!/bin/sh\nexit 1\n', mvn: anything, brew: anything })).toContain(
    'Java 17 or later is missing',
  );
});

test('JAVA_HOME wins over the path', () => {
  const home = folder({ 'bin/java': java('11.0.2') });
  expect(check({ java: java('21'), mvn: anything }, { JAVA_HOME: home })).toContain('this is Java 11');
});

test('without Maven the line says so; when both are missing, one command installs both', () => {
  expect(check({ java: java('17.0.1'), apk: anything }, {}, { isRoot: true })).toMatch(
    /^Maven is missing .*Install with: apk add maven$/,
  );
  expect(check({ dnf: anything }, {}, { isRoot: true })).toMatch(
    /^Java 17 or later is missing, and Maven is missing .*: dnf install -y java-21-openjdk-headless maven$/,
  );
});

test('the packages are those that the system has', () => {
  const debian13 = 'ID=debian\nVERSION_ID="13"\n';
  expect(check({ 'apt-get': anything }, {}, { osRelease: debian13 })).toContain(
    'openjdk-21-jre-headless maven',
  );
  expect(check({}, {})).toContain('https://adoptium.net');
});

test('it is one line, always', () => {
  for (const tools of [{}, { 'apt-get': anything }, { java: java('8') }])
    expect(check(tools)).not.toContain('\n');
});

test('an outside Kafka takes neither', () => {
  expect(check({}, {}, { kafka: false })).toBeNull();
});

test('a Node that is too old is named first', () => {
  expect(check({}, {}, { nodeVersion: '18.20.4' })).toContain(
    'Node.js 20 or later is needed, and this is 18.20.4',
  );
});

test('the start says it in one line, before it does anything else, and fails', () => {
  const bootstrap = fileURLToPath(new URL('../bootstrap.mjs', import.meta.url));
  const env = { PATH: folder({ 'apt-get': anything }) };
  const { status, stdout, stderr } = spawnSync(process.execPath, [bootstrap, 'start'], {
    env,
    encoding: 'utf8',
  });
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^Java 17 or later is missing, and Maven is missing .*apt-get install -y .*\n$/);
});

function check(tools, env = {}, options = {}) {
  const path = folder(tools);
  return missingPrerequisites({
    kafka: true,
    isRoot: false,
    nodeVersion: '20.11.0',
    osRelease: debian12,
    ...options,
    env: { PATH: path, ...env },
  });
}

/** A folder of programs. A relative name's folder is made, too. */
function folder(programs) {
  const directory = mkdtempSync(join(tmpdir(), 'ballast-path-'));
  mkdirSync(join(directory, 'bin'));
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(directory, name), script);
    chmodSync(join(directory, name), 0o755);
  }
  return directory;
}
