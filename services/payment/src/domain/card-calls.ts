import type { CreateHold, OutsideCall } from '@ballast/contracts';
import type { z } from 'zod';

/** What is asked of the card gateway; libs/contracts/src/parties/card-gateway.ts says what it answers. */
export type CardCall =
  | OutsideCall<'card-gateway', 'hold', z.infer<typeof CreateHold>>
  | OutsideCall<'card-gateway', 'capture' | 'void', { readonly holdId: string }>;

export const holdCall = (token: string, amountCents: number): CardCall => ({
  party: 'card-gateway',
  operation: 'hold',
  request: { token, amountCents },
});

export const captureCall = (holdId: string): CardCall => ({
  party: 'card-gateway',
  operation: 'capture',
  request: { holdId },
});

export const voidCall = (holdId: string): CardCall => ({
  party: 'card-gateway',
  operation: 'void',
  request: { holdId },
});
