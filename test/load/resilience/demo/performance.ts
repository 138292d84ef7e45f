import { type Stack, startStack, stateDirectory } from '@ballast/local';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Load } from '../../load.js';
import { OrderClient } from '../../order-client.js';
import { aShop } from '../../orders.js';
import { seed } from '../../seed.js';
import { acts, play } from './acts.js';
import type { DemoArguments } from './demo-arguments.js';
import { type Kind, kinds, ordersOf } from './orders.js';
import { percentileOf, type Sample, Sampler } from './sampler.js';

/** The four acts, with or without the policies. */
export interface Performance {
  readonly policies: 'on' | 'off';
  readonly samples: readonly Sample[];
  readonly figures: Readonly<Record<string, ActFigures>>;
}

/** What a whole act came to, by the orders that ended in it. */
export interface ActFigures {
  readonly walletP50Ms: number | null;
  readonly walletP99Ms: number | null;
  readonly cardsCompleted: number;
  readonly cardsCancelled: number;
  readonly callsPerSecond: number;
}

const warmUpMs = 12_000;
/** Orders that wait for a gateway that does not answer are given up after this time. */
const orderTimeoutMs = 20_000;

export async function perform(
  policies: 'on' | 'off',
  { seconds, rate }: DemoArguments,
  signal: AbortSignal,
): Promise<Performance> {
  const directory = join(stateDirectory, 'demo-resilience');
  rmSync(directory, { recursive: true, force: true });
  process.stderr.write(`starting the shop with its policies ${policies}\n`);
  const stack = await startStack({
    directory,
    durable: false,
    environment: {
      CARD_GATEWAY_POLICIES: policies,
      ORDER_TIMEOUT_MS: String(orderTimeoutMs),
      LOG_LEVEL: 'error',
    },
    signal,
  });
  try {
    return await performOn(stack, policies, seconds, rate);
  } finally {
    await stack.stop();
  }
}

async function performOn(stack: Stack, policies: 'on' | 'off', seconds: number, rate: number) {
  const shop = aShop(new Date().toISOString().slice(0, 10));
  await seed(stack, shop);
  const clients = kinds.map(kind => new OrderClient(stack.urls.order, 32, `demo-${kind}-${Date.now()}`));
  const loads = Object.fromEntries(
    kinds.map((kind, index) => [
      kind,
      new Load(clients[index]!, {
        through: 'http',
        inFlight: 100_000,
        rate,
        nextOrder: ordersOf(kind, shop, index + 1),
      }),
    ]),
  ) as Record<Kind, Load>;
  const { urls } = stack;
  await play(urls['card-gateway'], acts[0]!);
  for (const load of Object.values(loads)) load.start();
  try {
    await sleep(warmUpMs);
    const endings = { wallet: loads.wallet.endings, card: loads.card.endings };
    const sampler = new Sampler(urls, endings);
    const figures: Record<string, ActFigures> = {};
    let second = 0;
    // What ended before is not part of it.
    await sampler.take(-1, 'well');
    sampler.samples.length = 0;
    for (const act of acts) {
      process.stderr.write(`the gateway is ${act.name}\n`);
      await play(urls['card-gateway'], act);
      const from = { wallet: endings.wallet.length, card: endings.card.length, second };
      for (const endsAt = second + act.lasts * seconds; second < endsAt; second++) {
        await sleep(1_000);
        await sampler.take(second, act.name);
      }
      const cards = endings.card.slice(from.card);
      const completed = cards.filter(ending => ending.completed).length;
      const calls = sampler.samples.slice(from.second).reduce((sum, { arrived }) => sum + arrived, 0);
      const wallets = endings.wallet.slice(from.wallet);
      figures[act.name] = {
        walletP50Ms: percentileOf(0.5, wallets),
        walletP99Ms: percentileOf(0.99, wallets),
        cardsCompleted: completed,
        cardsCancelled: cards.length - completed,
        callsPerSecond: Math.round(calls / (act.lasts * seconds)),
      };
    }
    for (const load of Object.values(loads)) if (load.failure !== null) throw load.failure;
    return { policies, samples: sampler.samples, figures };
  } finally {
    // Some may wait for a long time yet: nobody waits for them.
    for (const load of Object.values(loads)) void load.stop().catch(() => undefined);
    for (const client of clients) await client.close();
  }
}
