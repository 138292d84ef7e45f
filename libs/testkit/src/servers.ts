/**
 * The servers of this test run. Their addresses are in the environment, so that tests of the rooms that the testkit is
 * built on reach them too. infra/local starts them for test files whose names ask for them.
 */
export function testPostgresUrl(): string {
  return address('TEST_POSTGRES_URL', '*.db.test.ts or *.kafka.test.ts');
}

export function testBrokers(): readonly string[] {
  return address('TEST_KAFKA_BROKERS', '*.kafka.test.ts').split(',');
}

function address(variable: string, names: string): string {
  const value = process.env[variable];
  if (value === undefined) {
    throw new Error(
      `${variable} is not set: a test file that needs it is called ${names}, and is run by Vitest`,
    );
  }
  return value;
}
