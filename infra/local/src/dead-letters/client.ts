import type { DeadLetterPage, DeadLetterSummary, DeadLetterView, ServiceName } from '@ballast/contracts';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { urlOf } from '../services.js';
import type { LetterName } from './arguments.js';

/** How long the owner of a lane may take to do what was asked for; it looks several times a second. */
const patienceMs = 10_000;

/** The dead letters of the stack that runs from a folder. */
export class DeadLettersClient {
  /** @throws when no stack was ever started there */
  static of(directory: string): DeadLettersClient {
    const file = join(directory, 'ports.json');
    if (!existsSync(file)) throw new Error('No stack was started here yet: npm start');
    return new DeadLettersClient(JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>);
  }

  constructor(private readonly ports: Readonly<Record<string, number>>) {}

  /** Newest first, all pages up to the limit of the query, or to the end. */
  async list(service: ServiceName, query: Readonly<Record<string, string>>): Promise<DeadLetterSummary[]> {
    const found: DeadLetterSummary[] = [];
    let cursor: string | null = null;
    do {
      const parameters = new URLSearchParams({ ...query, ...(cursor !== null && { cursor }) });
      const page: DeadLetterPage = await this.#ask(service, `?${parameters.toString()}`);
      found.push(...page.deadLetters);
      cursor = query['limit'] === undefined ? page.nextCursor : null;
    } while (cursor !== null);
    return found;
  }

  show({ service, id }: LetterName): Promise<DeadLetterView> {
    return this.#ask(service, `/${id}`);
  }

  /** Asks for it and waits until it is done; the letter as it is then, done or not. */
  async settle(letter: LetterName, action: 'replay' | 'discard', body: object): Promise<DeadLetterView> {
    let view: DeadLetterView = await this.#ask(letter.service, `/${letter.id}/${action}`, body);
    for (
      const begun = Date.now();
      view.status === 'open' && Date.now() - begun < patienceMs;
      await sleep(100)
    )
      view = await this.show(letter);
    return view;
  }

  async #ask<T>(service: ServiceName, path: string, body?: object): Promise<T> {
    const url = `${urlOf(service, this.ports)}/operations/dead-letters${path}`;
    const answer = await fetch(url, {
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.timeout(10_000),
    }).catch((error: Error) => {
      throw new Error(`${service} does not answer at ${url}: is the stack running? (npm start)`, {
        cause: error,
      });
    });
    const json = (await answer.json()) as { code?: string; detail?: string };
    if (!answer.ok) throw new Error(`${service}: ${json.code}: ${json.detail}`);
    return json as T;
  }
}
