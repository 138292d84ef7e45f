import { z } from 'zod';
import { Failure } from './failure.js';
import { command, event, Nothing } from './message.js';
import { StockLine, text } from './primitives.js';

const Lines = z.array(StockLine).min(1).max(100);

export const reserveStock = command('inventory.reserve', {
  data: z.object({ lines: Lines }),
  reply: z.object({ warehouse: text(64) }),
  rejects: ['OUT_OF_STOCK', 'UNKNOWN_SKU'],
});

export const releaseStock = command('inventory.release', { data: Nothing, reply: Nothing });

export const commitStock = command('inventory.commit', { data: Nothing, reply: Nothing });

export const stockReserved = event('inventory.reserved', reserveStock.reply);
export const stockRejected = event('inventory.rejected', Failure);
export const stockReleased = event('inventory.released', Failure);
export const stockCommitted = event('inventory.committed', Nothing);
