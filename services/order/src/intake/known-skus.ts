export type SkuAnswer =
  | 'known'
  | 'unknown'
  /** Inventory can't be asked now: it decides when it reserves. */
  | 'undecided';

export interface KnownSkusOptions {
  /** How many known SKUs are remembered, about. */
  readonly knownMax: number;
  /** How long an unknown one is believed to stay so: its first delivery may be on its way. */
  readonly unknownMs: number;
  /** How long nobody is asked after a question that was not answered. */
  readonly silenceMs: number;
  /** How many questions may be open; what goes beyond is undecided. */
  readonly askingMax: number;
}

export const knownSkusDefaults: KnownSkusOptions = {
  knownMax: 100_000,
  unknownMs: 200,
  silenceMs: 500,
  askingMax: 2_000,
};

/**
 * Which SKUs inventory has. One that was delivered once stays known for good, so positive answers are kept, the least
 * recently used forgotten first.
 */
export class KnownSkus {
  /** Two generations make the order of use: a hit in the older one moves to the younger. */
  #young = new Set<string>();
  #old = new Set<string>();
  readonly #unknownUntilMs = new Map<string, number>();
  readonly #asking = new Map<string, Promise<SkuAnswer>>();
  #silentUntilMs = 0;

  /** @param ask must not reject, and answer in bounded time */
  constructor(
    private readonly ask: (sku: string) => Promise<SkuAnswer>,
    private readonly options: KnownSkusOptions = knownSkusDefaults,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Those of the SKUs that are not known here, each once: none in the usual case, which asks nobody. */
  misses(skus: Iterable<string>): ReadonlySet<string> {
    let missed: Set<string> | undefined;
    for (const sku of skus) if (!this.#has(sku)) (missed ??= new Set()).add(sku);
    return missed ?? none;
  }

  /** Those of the SKUs that inventory says it does not have. */
  async unknownAmong(skus: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const answers = await Promise.all([...skus].map(async sku => [sku, await this.#answer(sku)] as const));
    return new Set(answers.filter(([, answer]) => answer === 'unknown').map(([sku]) => sku));
  }

  #answer(sku: string): Promise<SkuAnswer> | SkuAnswer {
    if (this.#has(sku)) return 'known';
    if ((this.#unknownUntilMs.get(sku) ?? 0) > this.nowMs()) return 'unknown';
    const asking = this.#asking.get(sku);
    if (asking !== undefined) return asking;
    if (this.#silentUntilMs > this.nowMs() || this.#asking.size >= this.options.askingMax) return 'undecided';
    const question = this.#askAndRemember(sku).finally(() => this.#asking.delete(sku));
    this.#asking.set(sku, question);
    return question;
  }

  async #askAndRemember(sku: string): Promise<SkuAnswer> {
    const answer = await this.ask(sku);
    if (answer === 'known') this.#add(sku);
    if (answer === 'unknown') this.#rememberUnknown(sku);
    if (answer === 'undecided') this.#silentUntilMs = this.nowMs() + this.options.silenceMs;
    return answer;
  }

  #has(sku: string): boolean {
    if (this.#young.has(sku)) return true;
    if (!this.#old.has(sku)) return false;
    this.#add(sku);
    return true;
  }

  #add(sku: string): void {
    this.#unknownUntilMs.delete(sku);
    this.#young.add(sku);
    if (this.#young.size < this.options.knownMax / 2) return;
    this.#old = this.#young;
    this.#young = new Set();
  }

  #rememberUnknown(sku: string): void {
    // Made-up SKUs must not fill the memory; all have expired by the time that so many were asked for.
    if (this.#unknownUntilMs.size >= this.options.askingMax) this.#unknownUntilMs.clear();
    this.#unknownUntilMs.set(sku, this.nowMs() + this.options.unknownMs);
  }
}

const none: ReadonlySet<string> = new Set();
