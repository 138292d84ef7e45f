import type { PlaceOrder, Protocol } from '@ballast/contracts';
import type { Stack } from '@ballast/local';
import { judge, type Judgement } from '../invariants/judge.js';
import { settle } from '../invariants/settle.js';
import { OrderClient } from '../load/order-client.js';
import type { CompareArguments } from './arguments.js';
import { protocolsOf, supply } from './compared-shop.js';
import { Counters, difference } from './counters.js';
import { FaultInjector } from './faults.js';
import type { Slice } from './figures.js';
import { Observer } from './observer.js';
import { OrderList } from './order-list.js';
import { PlacedSlice } from './place-slice.js';

/** What was measured, slice by slice, in the order of the rounds. */
export interface Comparison {
  readonly slices: ReadonlyMap<Protocol, readonly Slice[]>;
  readonly check: Judgement;
  /** Kills, and rules of outside parties that were in force. */
  readonly faults: number;
}

export interface ComparisonOptions extends Pick<
  CompareArguments,
  'orders' | 'seed' | 'skew' | 'inFlight' | 'faults'
> {
  readonly signal: AbortSignal;
  readonly onProgress: (what: string) => void;
}

/** Rounds: enough that whatever drifts meets all protocols alike, and slices long enough to be measured. */
const roundsMax = 10;
const sliceMin = 50;
/** Compilers and caches need some before anything is measured. */
const warmUpMax = 600;
const settleWithinMs = 30_000;

/**
 * Runs the same orders through every protocol that the shop takes. The list is cut into slices; in each round every
 * protocol places the same slice in a shop of its own, one protocol after the other, each round in another order. The
 * stack comes to rest between two slices: what its counters say then belongs to the slice.
 */
export async function compare(stack: Stack, options: ComparisonOptions): Promise<Comparison> {
  const observer = await Observer.open(stack.databaseUrls);
  const counters = await Counters.open(stack, observer.pids);
  const client = new OrderClient(stack.urls.order, options.inFlight + 1, `compare-${Date.now()}`);
  try {
    const { protocols, acknowledged } = await opened(stack, client, options);
    const faults = new FaultInjector(stack, options.faults, process => counters.remember(process));
    await faults.begin();
    const runner = { stack, client, observer, counters, faults, acknowledged, options };
    const slices = await allRounds(runner, protocols);
    options.onProgress('judging');
    const check = await judge(stack, { acknowledged, faults: faults.injected });
    return { slices, check, faults: faults.injected };
  } finally {
    await Promise.all([observer.close(), counters.close(), client.close()]);
  }
}

interface Runner {
  readonly stack: Stack;
  readonly client: OrderClient;
  readonly observer: Observer;
  readonly counters: Counters;
  readonly faults: FaultInjector;
  /** Every order that was accepted. */
  readonly acknowledged: string[];
  readonly options: ComparisonOptions;
}

/** Which protocols there are, with their shops filled and everything warm. */
async function opened(stack: Stack, client: OrderClient, options: ComparisonOptions) {
  const { orders, seed, skew, inFlight, signal, onProgress } = options;
  onProgress('asking the shop for its protocols');
  const probe = new OrderList({ orders: 1, seed, skew: 'none' });
  await supply(stack, probe.suppliesOf('probe'));
  const probed = await protocolsOf(stack, protocol => probe.under(protocol, 'probe')[0]!);
  if (probed.size === 0) throw new Error('the shop takes orders under no protocol');
  const [protocols, acknowledged] = [[...probed.keys()], [...probed.values()]];
  const list = new OrderList({ orders, seed, skew });
  const warmUp = new OrderList({ orders: Math.min(orders, warmUpMax), seed: seed + 1, skew });
  for (const [index, protocol] of protocols.entries()) {
    signal.throwIfAborted();
    onProgress(`filling the shop of ${protocol}`);
    await supply(stack, list.suppliesOf(protocol));
    const shop = `warm-${protocol}`;
    await supply(stack, warmUp.suppliesOf(shop));
    onProgress(`warming up ${protocol}`);
    const warming = new PlacedSlice(client, warmUp.under(protocol, shop), {
      first: -(index + 1) * warmUpMax,
      inFlight,
      signal,
    });
    await warming.run();
    acknowledged.push(...warming.endings.map(({ id }) => id));
  }
  await settle(stack, settleWithinMs);
  return { protocols, acknowledged };
}

async function allRounds(runner: Runner, protocols: readonly Protocol[]): Promise<Map<Protocol, Slice[]>> {
  const { orders, seed, skew, signal, onProgress } = runner.options;
  const list = new OrderList({ orders, seed, skew });
  const lists = new Map(protocols.map(protocol => [protocol, list.under(protocol)]));
  const slices = new Map(protocols.map(protocol => [protocol, [] as Slice[]]));
  const rounds = Math.max(1, Math.min(roundsMax, Math.floor(orders / sliceMin)));
  for (let round = 0; round < rounds; round++) {
    const [from, to] = [round, round + 1].map(edge => Math.floor((edge * orders) / rounds)) as [
      number,
      number,
    ];
    for (let turn = 0; turn < protocols.length; turn++) {
      signal.throwIfAborted();
      const protocol = protocols[(turn + round) % protocols.length]!;
      const number = round * protocols.length + turn + 1;
      onProgress(`slice ${number} of ${rounds * protocols.length}: ${to - from} orders under ${protocol}`);
      const first = protocols.indexOf(protocol) * orders + from;
      const slice = await measured(runner, protocol, lists.get(protocol)!.slice(from, to), first);
      slices.get(protocol)!.push(slice);
    }
  }
  return slices;
}

async function measured(
  { stack, client, observer, counters, faults, acknowledged, options }: Runner,
  protocol: Protocol,
  orders: readonly PlaceOrder[],
  first: number,
): Promise<Slice> {
  const { inFlight, signal } = options;
  const onEnded = () => faults.orderEnded(protocol);
  const placed = new PlacedSlice(client, orders, { first, inFlight, signal, onEnded });
  const before = await counters.read();
  const watch = observer.watch(() => placed.open);
  try {
    await placed.run();
    await faults.settled();
    // What follows on the orders' ends is theirs, too.
    if (!(await settle(stack, settleWithinMs)))
      options.onProgress(`${protocol}: something is on its way still after ${settleWithinMs / 1_000} s`);
  } finally {
    acknowledged.push(...placed.endings.map(({ id }) => id), ...placed.open);
  }
  const seen = await watch.stop();
  const spent = difference(before, await counters.read());
  return { endings: placed.endings, ms: placed.ms, spent, seen };
}
