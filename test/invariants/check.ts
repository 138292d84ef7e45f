import { addressesOfLastStart } from '@ballast/local';
import { commandArguments } from '@ballast/local/arguments';
import { topicEnds } from '@ballast/messaging';
import { openConnection } from '@ballast/platform';
import { writeResult } from '../command/result.js';
import { checkArguments, usage } from './check-arguments.js';
import { judge, type Judgement, type JudgedStack } from './judge.js';
import { reportOf } from './report.js';

const exitCodes: Readonly<Record<Judgement['verdict'], number>> = { valid: 0, invalid: 1, unknown: 2 };

const options = commandArguments(usage, checkArguments);
const stack = addressesOfLastStart();
if (stack === null) end('There is no stack to check: `npm start` starts one.', 2);
const absent = await absentServer(stack);
if (absent !== null) end(`There is no stack to check: ${absent}. \`npm start\` starts one.`, 2);

const judgement = await judge(stack, { limits: options.limits }).catch((error: Error) =>
  // One that is being started, or whose databases belong to another version.
  end(`The stack could not be read, so nothing is known of it: ${error.message}`, 2),
);
writeResult(options.json, judgement);
end(reportOf(judgement), exitCodes[judgement.verdict]);

/** What does not answer; null when everything does. */
async function absentServer({ databaseUrls, brokers }: JudgedStack): Promise<string | null> {
  try {
    const connection = await openConnection({
      url: databaseUrls.order,
      applicationName: 'judge',
      transactionTimeoutMs: 5_000,
    });
    await connection.end();
  } catch (error) {
    return `PostgreSQL does not answer (${(error as Error).message})`;
  }
  try {
    await topicEnds(brokers, []);
    return null;
  } catch {
    return `Kafka does not answer at ${brokers.join(',')}`;
  }
}

function end(text: string, code: number): never {
  process.stdout.write(`${text}\n`);
  process.exit(code);
}
