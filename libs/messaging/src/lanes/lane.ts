export type BlockReason = 'locked' | 'behind-poison';

/** What the owner remembers of a lane. All of it is rebuilt from the database at a claim, none of it is the truth. */
export interface Lane {
  readonly number: number;
  readonly epoch: number;
  /** The next offset of each topic, as the last committed pass left it. */
  readonly next: Map<string, number>;
  /** Orders whose messages have to wait, and why. */
  readonly blocked: Map<string, BlockReason>;
}
