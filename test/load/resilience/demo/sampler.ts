import type { DependencyView, PartyCalls } from '@ballast/contracts';
import { request } from 'undici';
import type { Ending } from '../../load.js';
import { type Kind, kinds } from './orders.js';

/** What happened to one kind of orders within a second. */
export interface KindSample {
  readonly completed: number;
  readonly cancelled: number;
  /** Of the orders that ended; null when none did. */
  readonly p99Ms: number | null;
}

/** One second. Rates are per second. */
export interface Sample {
  readonly second: number;
  readonly act: string;
  /** Null where there is no breaker. */
  readonly breaker: string | null;
  readonly inFlight: number;
  /** Calls in line before the gateway's client, and calls that the table keeps. */
  readonly queued: number;
  readonly open: number;
  readonly refused: number;
  readonly repeated: number;
  readonly timedOut: number;
  /** Calls that arrived at the gateway, and those that wait there. */
  readonly arrived: number;
  readonly waitingThere: number;
  readonly orders: Readonly<Record<Kind, KindSample>>;
}

interface Reading {
  readonly view: DependencyView;
  readonly calls: PartyCalls;
}

/** Turns what the processes say into samples: counters into differences, endings into percentiles. */
export class Sampler {
  readonly samples: Sample[] = [];
  #before: Reading | null = null;
  readonly #seen: Record<Kind, number> = { wallet: 0, card: 0 };

  constructor(
    private readonly urls: { readonly payment: string; readonly 'card-gateway': string },
    private readonly endings: Readonly<Record<Kind, readonly Ending[]>>,
  ) {}

  async take(second: number, act: string): Promise<void> {
    const [view, calls] = await Promise.all([
      getJson<DependencyView>(`${this.urls.payment}/operations/dependencies/card-gateway`),
      getJson<PartyCalls>(`${this.urls['card-gateway']}/calls`),
    ]);
    const before = this.#before ?? { view, calls };
    this.#before = { view, calls };
    const since = (name: 'refused' | 'repeated' | 'timedOut' | 'answered') =>
      (view.counts?.[name] ?? 0) - (before.view.counts?.[name] ?? 0);
    const { breaker, bulkhead } = view.state;
    this.samples.push({
      second,
      act,
      breaker: (breaker?.['state'] as string | undefined) ?? null,
      inFlight: (bulkhead?.['running'] as number | undefined) ?? view.open ?? 0,
      queued: (bulkhead?.['queued'] as number | undefined) ?? 0,
      open: view.open ?? 0,
      refused: since('refused'),
      repeated: since('repeated'),
      timedOut: since('timedOut'),
      arrived: sumOf(calls) - sumOf(before.calls),
      waitingThere: calls.waiting,
      orders: Object.fromEntries(kinds.map(kind => [kind, this.#sampleOf(kind)])) as Sample['orders'],
    });
  }

  #sampleOf(kind: Kind): KindSample {
    const ended = this.endings[kind].slice(this.#seen[kind]);
    this.#seen[kind] += ended.length;
    const completed = ended.filter(ending => ending.completed).length;
    return { completed, cancelled: ended.length - completed, p99Ms: percentileOf(0.99, ended) };
  }
}

/** How long an order took at most, for this share of them; null when there is none. */
export function percentileOf(share: number, endings: readonly Pick<Ending, 'durationMs'>[]): number | null {
  if (endings.length === 0) return null;
  const sorted = endings.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!);
}

const sumOf = ({ calls }: PartyCalls): number => Object.values(calls).reduce((sum, count) => sum + count, 0);

async function getJson<T>(url: string): Promise<T> {
  const { statusCode, body } = await request(url);
  if (statusCode !== 200) throw new Error(`GET ${url} answered ${statusCode}: ${await body.text()}`);
  return (await body.json()) as T;
}
