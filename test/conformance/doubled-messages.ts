import { allTopics, deadLettersTopic } from '@ballast/contracts';
import { decode, type TopicRecord, visitTopics, writeTopic } from '@ballast/messaging';
import { setTimeout as sleep } from 'node:timers/promises';

/** Publishes every message once more, as a relay does that crashed before it marked what it had sent. */
export class Doubling {
  doubled = 0;
  readonly #known = new Set<string>();
  #stopping = false;
  #done: Promise<void> = Promise.resolve();

  constructor(private readonly brokers: readonly string[]) {}

  /** What is on the topics by now stays as it is. */
  async start(): Promise<void> {
    await this.#news();
    this.#done = (async () => {
      for (let last = false; !last; await sleep(50)) {
        last = this.#stopping;
        for (const [topic, records] of await this.#news()) {
          await writeTopic(this.brokers, topic, records);
          this.doubled += records.length;
        }
      }
    })();
    this.#done.catch(() => undefined);
  }

  /** Resolves when everything that was published until now was published twice. */
  stop(): Promise<void> {
    this.#stopping = true;
    return this.#done;
  }

  /** The messages that were not seen before; a double is one that was. */
  async #news(): Promise<Map<string, TopicRecord[]>> {
    const news = new Map<string, TopicRecord[]>();
    await visitTopics(
      this.brokers,
      allTopics.filter(topic => topic !== deadLettersTopic),
      (topic, batch) => {
        const fresh = batch.filter(({ key, value }) => {
          const { id } = decode(key, value);
          if (this.#known.has(id)) return false;
          this.#known.add(id);
          return true;
        });
        if (fresh.length > 0) news.set(topic, [...(news.get(topic) ?? []), ...fresh]);
      },
    );
    return news;
  }
}
