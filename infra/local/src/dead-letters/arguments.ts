import { DeadLettersQuery, DeadLetterStatus, serviceNames, type ServiceName } from '@ballast/contracts';
import { parseArgs } from 'node:util';

/** Each service has dead letters of its own: a letter is named by both. */
export interface LetterName {
  readonly service: ServiceName;
  readonly id: number;
}

export type DeadLettersArguments =
  | {
      readonly command: 'list';
      readonly services: readonly ServiceName[];
      /** As the interface takes them. */
      readonly query: Readonly<Record<string, string>>;
      readonly json: boolean;
    }
  | { readonly command: 'show'; readonly letter: LetterName; readonly json: boolean }
  | {
      readonly command: 'replay' | 'discard';
      readonly letters: readonly LetterName[];
      readonly body: { readonly operator: string; readonly reason: string; readonly force?: true };
    };

/** What the interface takes: its schema says what is wrong with the rest, before any service is asked. */
const parameters = DeadLettersQuery.shape;
const statuses = [...DeadLetterStatus.options, 'any'];
const { minValue: limitMin, maxValue: limitMax } = parameters.limit.unwrap().out;

export const usage = `npm run dead-letters -- list [--service S] [--status open] [--topic T] [--type T] [--order ID]
                              [--older-than 2h] [--younger-than 30m] [--limit N] [--json]
npm run dead-letters -- show SERVICE/ID [--json]
npm run dead-letters -- replay SERVICE/ID... --operator NAME --reason TEXT [--force]
npm run dead-letters -- discard SERVICE/ID... --operator NAME --reason TEXT
  --status    ${statuses.join(', ')}
  --limit     so many of each service, ${limitMax} at most; all by default
  --force     replays what came too late, or from the future: its effect may happen twice
  SERVICE     ${serviceNames.join(', ')}`;

const options = {
  service: { type: 'string' },
  status: { type: 'string' },
  topic: { type: 'string' },
  type: { type: 'string' },
  order: { type: 'string' },
  'older-than': { type: 'string' },
  'younger-than': { type: 'string' },
  limit: { type: 'string' },
  operator: { type: 'string' },
  reason: { type: 'string' },
  force: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** @throws with a line that says what is wrong */
export function deadLettersArguments(args: readonly string[]): DeadLettersArguments {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const [command, ...names] = positionals;
  const { json } = values;
  switch (command) {
    case 'list': {
      if (names.length > 0) throw new Error(`list takes no ${names[0]}`);
      const services = values.service === undefined ? serviceNames : [serviceOf(values.service)];
      return { command, services, query: queryOf(values), json };
    }
    case 'show': {
      const letters = names.map(letterOf);
      if (letters.length !== 1) throw new Error('show takes one SERVICE/ID');
      return { command, letter: letters[0]!, json };
    }
    case 'replay':
    case 'discard': {
      const { operator, reason, force } = values;
      if (names.length === 0) throw new Error(`${command} takes at least one SERVICE/ID`);
      if (!operator || !reason)
        throw new Error(`${command} needs --operator and --reason: they are kept with it`);
      if (force && command === 'discard') throw new Error('--force is for replay');
      return { command, letters: names.map(letterOf), body: { operator, reason, ...(force && { force }) } };
    }
    default:
      throw new Error(command === undefined ? 'what is to be done?' : `there is no command ${command}`);
  }
}

/** The options that choose among the letters, as the interface calls them. */
const filters = {
  status: 'status',
  topic: 'topic',
  type: 'type',
  order: 'orderId',
  'older-than': 'olderThanSeconds',
  'younger-than': 'youngerThanSeconds',
  limit: 'limit',
} as const;
type Filter = keyof typeof filters;

/** What an option takes, where the schema's own words would not tell. */
const choices: { readonly [option in Filter]?: string } = {
  status: statuses.join(' or '),
  limit: `a whole number from ${limitMin} to ${limitMax}`,
};

function queryOf(values: { readonly [option in Filter]?: string }): Record<string, string> {
  const query: Record<string, string> = {};
  for (const option of Object.keys(filters) as Filter[]) {
    const text = values[option];
    if (text === undefined) continue;
    const value = option.endsWith('-than') ? String(secondsOf(option, text)) : text;
    const { error } = parameters[filters[option]].safeParse(value);
    if (error !== undefined)
      throw new Error(`--${option}: ${choices[option] ?? error.issues[0]?.message}, not "${text}"`);
    query[filters[option]] = value;
  }
  return query;
}

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

function secondsOf(name: string, text: string): number {
  const [, digits, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (unit === undefined) throw new Error(`--${name}: an age such as 90s, 30m, 2h or 3d, not ${text}`);
  return Number(digits) * units[unit]!;
}

function letterOf(name: string): LetterName {
  const [, service, id] = /^([a-z]+)\/(\d{1,15})$/.exec(name) ?? [];
  if (service === undefined) throw new Error(`a dead letter is named like payment/17, not ${name}`);
  return { service: serviceOf(service), id: Number(id) };
}

function serviceOf(name: string): ServiceName {
  const service = serviceNames.find(known => known === name);
  if (service === undefined) throw new Error(`there is no service ${name}, only ${serviceNames.join(', ')}`);
  return service;
}
