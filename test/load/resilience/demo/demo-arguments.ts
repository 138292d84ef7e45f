import { stateDirectory } from '@ballast/local';
import { fileFor, fileOrNone, wholeNumber } from '@ballast/local/arguments';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

export interface DemoArguments {
  /** Of an act; the last one is twice as long. */
  readonly seconds: number;
  /** Orders per second of each kind: by wallet, and by card. */
  readonly rate: number;
  /** Absolute paths. */
  readonly html: string;
  readonly json: string | null;
}

export const usage = `npm run demo:resilience -- [--seconds 15] [--rate 20] [--html FILE] [--json FILE]
  --seconds  how long each act lasts (the last one twice as long); there are four, played twice
  --rate     orders per second that are paid by wallet, and as many by card
  --html     where the page goes; by default .local/resilience.html
  --json     the samples, too`;

/** Reads the command line. @throws with a line that says what is wrong */
export function demoArguments(args: string[]): DemoArguments {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: 'string', default: '15' },
      rate: { type: 'string', default: '20' },
      html: { type: 'string' },
      json: { type: 'string' },
    },
  });
  return {
    seconds: wholeNumber('seconds', values.seconds),
    rate: wholeNumber('rate', values.rate),
    html: values.html === undefined ? join(stateDirectory, 'resilience.html') : fileFor('html', values.html),
    json: fileOrNone('json', values.json),
  };
}
