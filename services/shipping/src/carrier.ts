import { Label, PartyRefusal, type OutsideAnswer } from '@ballast/contracts';
import { NoDefiniteAnswer, type OutsideAttempt } from '@ballast/messaging';
import { deadlineHeaders } from '@ballast/resilience';
import { Pool } from 'undici';
import type { LabelCall } from './domain/shipment.js';

/**
 * The carrier over HTTP (libs/contracts/src/parties/carrier.ts), over connections that stay open. Only 2xx and 422 say
 * what happened. Whatever else comes or does not come leaves it unknown: the caller asks again, under the same
 * idempotency key.
 */
export class Carrier {
  readonly #connections: Pool;
  readonly #path: string;

  /** @param connectionsMax as many as calls are made at a time: one that waits for a connection uses up its time */
  constructor(url: string, connectionsMax = 64) {
    const { origin, pathname } = new URL(url);
    this.#path = `${pathname.replace(/\/$/, '')}/labels`;
    this.#connections = new Pool(origin, {
      connections: connectionsMax,
      keepAliveTimeout: 30_000,
      maxResponseSize: answerBytesMax,
    });
  }

  /** Rejects with `NoDefiniteAnswer`, or with what went wrong on the way. */
  async ask(attempt: OutsideAttempt): Promise<OutsideAnswer> {
    const { request } = attempt as OutsideAttempt & LabelCall;
    const response = await this.#connections.request({
      method: 'POST',
      path: this.#path,
      headers: {
        'content-type': 'application/json',
        'idempotency-key': attempt.idempotencyKey,
        ...deadlineHeaders(attempt.deadline),
      },
      body: JSON.stringify(request),
      signal: attempt.signal,
    });
    const text = await response.body.text();
    if (response.statusCode === 422) return refusalOf(text);
    if (response.statusCode < 200 || response.statusCode > 299) {
      throw new NoDefiniteAnswer(attempt, `with status ${response.statusCode}`, response);
    }
    const parsed = Label.safeParse(jsonOf(text));
    if (!parsed.success) throw new NoDefiniteAnswer(attempt, 'with a body that makes no sense', response);
    return { kind: 'accepted', body: parsed.data };
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    await this.#connections.destroy();
  }
}

/** Its answers are a few dozen bytes. */
const answerBytesMax = 64 * 1024;

/** A refusal is one whatever its body says: only its words come from there, in a length that fits an answer. */
function refusalOf(text: string): OutsideAnswer {
  const parsed = PartyRefusal.safeParse(jsonOf(text));
  if (!parsed.success) return { kind: 'refused', code: 'refused' };
  const { code, detail } = parsed.data;
  const refused = { kind: 'refused', code: code.slice(0, 100) } as const;
  return detail === undefined ? refused : { ...refused, detail: detail.slice(0, 500) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
