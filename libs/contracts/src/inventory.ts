import { z } from 'zod';
import { command, Nothing } from './message.js';
import { StockLine, text } from './primitives.js';

const Lines = z.array(StockLine).min(1).max(100);

export const reserveStock = command('inventory.reserve', {
  data: z.object({ lines: Lines }),
  reply: z.object({ warehouse: text(64) }),
  rejects: ['OUT_OF_STOCK', 'UNKNOWN_SKU'],
});

export const releaseStock = command('inventory.release', { data: Nothing, reply: Nothing });

export const commitStock = command('inventory.commit', { data: Nothing, reply: Nothing });
