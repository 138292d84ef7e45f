import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again as long as nobody is there to answer, or says that it can't now. */
export async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (const begun = performance.now(); ; await sleep(100)) {
    try {
      return await ask();
    } catch (error) {
      const passing = isConnectionError(error) || / answered 503:| refused: UNAVAILABLE /.test(String(error));
      if (!passing || performance.now() - begun > 60_000) throw error;
    }
  }
}

const isConnectionError = (error: unknown): boolean =>
  ['ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET'].includes(String((error as { code?: unknown }).code));
