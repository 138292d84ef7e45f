import { z } from 'zod';
import { text } from './primitives.js';

const said = (maxLength: number) =>
  text(maxLength).refine(value => value.trim() !== '', { message: 'must not be blank' });

/** Who interferes, and why: it is kept. Part of the body of whatever an operator asks for. */
export const byOperator = { operator: said(200), reason: said(1_000) };

/** An operator's wish for an order's flow, as it travels to the flow's owner. */
export const OperatorRequest = z.object(byOperator);
export type OperatorRequest = z.infer<typeof OperatorRequest>;
