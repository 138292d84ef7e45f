import type { JudgedInvariant, Judgement } from './judge.js';

const words = { holds: '✔ holds', violated: '✘ VIOLATED', unknown: '? not enough evidence' } as const;

/** Orders that are named on an invariant's line; the JSON has more. */
const ordersNamed = 3;

/** A line per invariant, with its counts; those of a violated one are followed by what was found. */
export function reportOf({ verdict, invariants }: Judgement): string {
  const lines = invariants.flatMap(invariant => [lineOf(invariant), ...detailsOf(invariant)]);
  const violations = invariants.reduce((sum, { evidence }) => sum + (evidence['violations'] ?? 0), 0);
  return [...lines, `${verdict}: ${invariants.length} invariants, ${violations} violations`].join('\n');
}

function lineOf({ name, verdict, evidence, violations, lacking }: JudgedInvariant): string {
  const counts = Object.entries(evidence)
    .filter(([count]) => count !== 'violations')
    .map(([count, value]) => `${count} ${value}`);
  const orders = [...new Set(violations.flatMap(({ orderId }) => orderId ?? []))];
  const named = orders.slice(0, ordersNamed).join(', ');
  const rest = orders.length > ordersNamed ? ` and ${orders.length - ordersNamed} more` : '';
  return [
    `${words[verdict]}: ${name}`,
    verdict === 'violated' && `${evidence['violations']} violations`,
    named && `orders ${named}${rest}`,
    lacking,
    counts.join(', '),
  ]
    .filter(Boolean)
    .join('; ');
}

const detailsOf = ({ violations }: JudgedInvariant): string[] =>
  violations.slice(0, ordersNamed).map(({ orderId, what }) => `    ${orderId ?? 'in general'}: ${what}`);
