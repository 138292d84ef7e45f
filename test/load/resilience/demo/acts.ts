import type { Programme } from '@ballast/contracts';
import { request } from 'undici';

/** What the gateway goes through, one after the other. */
export interface Act {
  readonly name: 'well' | 'slow' | 'failing' | 'back';
  /** How many times as long as an act usually is. */
  readonly lasts: number;
  readonly delayMs: number;
  readonly answer: Programme['rules'][number]['answer'];
}

/** A gateway with few workers, as every server has: with 50 ms for a call it answers 120 per second, with 1 s only 6. */
export const workers = 6;

export const acts: readonly Act[] = [
  { name: 'well', lasts: 1, delayMs: 50, answer: 'normal' },
  { name: 'slow', lasts: 1, delayMs: 1_000, answer: 'normal' },
  { name: 'failing', lasts: 1, delayMs: 1_000, answer: 'error' },
  { name: 'back', lasts: 2, delayMs: 50, answer: 'normal' },
];

export async function play(gatewayUrl: string, { delayMs, answer }: Act): Promise<void> {
  const programme = { workers, rules: [{ delayMs, answer }] };
  const { statusCode, body } = await request(`${gatewayUrl}/programme`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(programme),
  });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`PUT ${gatewayUrl}/programme answered ${statusCode}: ${text}`);
}
