/**
 * The stock of one article. Whatever was delivered is available, reserved or shipped: every function here moves
 * pieces from one of the three to another, and none makes or loses any.
 */
export interface Stock {
  readonly sku: string;
  readonly warehouse: string;
  /** Pieces, never negative; so are the next two. */
  readonly available: number;
  readonly reserved: number;
  readonly shipped: number;
}

/** Null when fewer than `quantity` pieces are available. */
export function reserveUnits(stock: Stock, quantity: number): Stock | null {
  if (stock.available < counted(quantity)) return null;
  return { ...stock, available: stock.available - quantity, reserved: stock.reserved + quantity };
}

/** Throws when fewer pieces are reserved: somebody else's would be given back. */
export function releaseUnits(stock: Stock, quantity: number): Stock {
  assertReserved(stock, quantity);
  return { ...stock, available: stock.available + quantity, reserved: stock.reserved - quantity };
}

/** Throws when fewer pieces are reserved: somebody else's would be sent away. */
export function shipUnits(stock: Stock, quantity: number): Stock {
  assertReserved(stock, quantity);
  return { ...stock, reserved: stock.reserved - quantity, shipped: stock.shipped + quantity };
}

function assertReserved({ sku, reserved }: Stock, quantity: number): void {
  if (reserved < counted(quantity)) {
    throw new RangeError(`${reserved} pieces of ${sku} are reserved, and ${quantity} are to leave`);
  }
}

function counted(quantity: number): number {
  if (!Number.isSafeInteger(quantity) || quantity <= 0) throw new RangeError(`${quantity} pieces`);
  return quantity;
}
