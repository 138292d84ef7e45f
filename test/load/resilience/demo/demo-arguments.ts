import { parseArgs } from 'node:util';

export interface DemoArguments {
  /** Of an act; the last one is twice as long. */
  readonly seconds: number;
  /** Orders per second of each kind: by wallet, and by card. */
  readonly rate: number;
  readonly html: string;
  readonly json: string | null;
}

const usage = `npm run demo:resilience -- [--seconds 15] [--rate 20] [--html FILE] [--json FILE]
  --seconds  how long each act lasts (the last one twice as long); there are four, played twice
  --rate     orders per second that are paid by wallet, and as many by card
  --html     where the page goes; by default .local/resilience.html
  --json     the samples, too`;

/** Reads the command line; says what is wrong with it and exits with code 2. */
export function demoArguments(args: readonly string[]): DemoArguments {
  if (args.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seconds: { type: 'string', default: '15' },
        rate: { type: 'string', default: '20' },
        html: { type: 'string', default: '.local/resilience.html' },
        json: { type: 'string' },
      },
    });
    return {
      seconds: positive(values.seconds),
      rate: positive(values.rate),
      html: values.html,
      json: values.json ?? null,
    };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}\n`);
    process.exit(2);
  }
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`"${text}" is not a whole number of 1 or more`);
  return value;
}
