import { Programme, serviceNames } from '@ballast/contracts';
import type { Stack } from '@ballast/local';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { send } from '../chaos/mixed-orders.js';

const Kill = z.strictObject({
  process: z.enum(serviceNames),
  /** After so many orders of a protocol have ended, again and again: every protocol is hit at the same places. */
  everyOrders: z.int().min(1),
  downMs: z.int().min(0).max(60_000).default(0),
});

/** The content of `--faults`. */
export const Faults = z.strictObject({
  /**
   * How the outside parties misbehave, for all protocols alike. Only the carrier is ever asked: no order is paid by card,
   * as a card can't be prepared.
   */
  parties: z.strictObject({ carrier: Programme }).partial().default({}),
  kills: z.array(Kill).max(20).default([]),
});
export type Faults = z.infer<typeof Faults>;

/** @throws with the first thing that is wrong */
export function faultsFrom(content: unknown): Faults {
  const parsed = Faults.safeParse(content);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`${issue!.path.join('.') || 'the file'}: ${issue!.message}`);
}

/** Lets the faults loose on a stack, while orders of one protocol after the other end. */
export class FaultInjector {
  /** Kills, and a rule of a party that is in force counts as one. */
  injected = 0;
  readonly #ended = new Map<string, number>();
  #underWay: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly stack: Stack,
    private readonly faults: Faults,
    /** Called before a process dies, for what is counted of it. */
    private readonly beforeKill: (process: string) => void,
  ) {}

  async begin(): Promise<void> {
    for (const [party, programme] of Object.entries(this.faults.parties)) {
      if (programme === undefined) continue;
      await send('PUT', `${this.stack.urls[party as 'carrier']}/programme`, programme);
      this.injected += programme.rules.length;
    }
  }

  /** An order of this protocol has ended. */
  orderEnded(protocol: string): void {
    const ended = (this.#ended.get(protocol) ?? 0) + 1;
    this.#ended.set(protocol, ended);
    for (const kill of this.faults.kills) {
      // One after the other: a process that is down can't be killed.
      if (ended % kill.everyOrders === 0) this.#underWay = this.#underWay.then(() => this.#kill(kill));
    }
    // Whoever waits for everything to be up hears of what went wrong.
    this.#underWay.catch(() => undefined);
  }

  /** Everything is up again. Rejects when something did not come up. */
  async settled(): Promise<void> {
    await this.#underWay;
  }

  async #kill({ process, downMs }: z.infer<typeof Kill>): Promise<void> {
    const unit = this.stack.unit(process);
    this.beforeKill(process);
    await unit.kill('SIGKILL');
    this.injected++;
    await sleep(downMs);
    await unit.start();
  }
}
