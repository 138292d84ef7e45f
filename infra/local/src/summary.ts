import Table from 'cli-table3';
import { isAsExpected, undoneIn, type Invariant } from './sample/invariants.js';
import { notBegun } from './sample/heard-steps.js';
import type { SampleOutcome } from './sample/place.js';
import type { SampleResult } from './sample/sample.js';
import { example } from './sample/seed.js';
import { partyNames } from './services.js';
import type { Stack } from './stack.js';

/** What `--json` writes. */
export interface Summary {
  /** From the command to the moment when every process was ready. */
  readonly readyMs: number;
  /** From the command to the end of the first order that was completed; null when none was. */
  readonly firstOrderMs: number | null;
  /** All processes together, when the sample orders had ended. */
  readonly residentMb: number;
  readonly orders: readonly {
    readonly id: string;
    readonly case: string;
    readonly protocol: string;
    readonly status: string;
    readonly reason: string | null;
    readonly durationMs: number;
    readonly undone: readonly string[];
    readonly expected: boolean;
  }[];
  readonly invariants: readonly Invariant[];
}

/** @param times in milliseconds since 1970 */
export function summarise(
  { outcomes, invariants }: SampleResult,
  { startedAt, readyAt, residentMb }: { startedAt: number; readyAt: number; residentMb: number },
): Summary {
  const completedAt = outcomes
    .filter(({ order }) => order.status === 'COMPLETED')
    .map(({ endedAt }) => endedAt);
  return {
    readyMs: readyAt - startedAt,
    firstOrderMs: completedAt.length === 0 ? null : Math.min(...completedAt) - startedAt,
    residentMb,
    orders: outcomes.map(outcome => ({
      id: outcome.order.id,
      case: outcome.case.name,
      protocol: outcome.order.protocol,
      status: outcome.order.status,
      reason: outcome.order.reason,
      durationMs: durationMs(outcome),
      undone: undoneIn(outcome.saga),
      expected: isAsExpected(outcome),
    })),
    invariants,
  };
}

/** Whether every order ended as it has to, and the books balance. */
export const isGood = ({ orders, invariants }: Summary): boolean =>
  orders.every(({ expected }) => expected) && invariants.every(({ holds }) => holds);

/** For people: what happened to each order, whether the books balance, and where to look. */
export function summaryText(
  summary: Summary,
  outcomes: readonly SampleOutcome[],
  urls: Stack['urls'],
): string {
  return [
    ordersTable(outcomes),
    '✔ done   ↩ undone   ✘ refused',
    '',
    ...summary.invariants.map(
      ({ name, holds, evidence }) => `${holds ? '✔' : '✘ BROKEN:'} ${name}\n    ${evidence}`,
    ),
    '',
    `First completed order after ${seconds(summary.firstOrderMs)}, everything ready after ${seconds(summary.readyMs)}, ${summary.residentMb} MB resident in all.`,
    '',
    addresses(urls, outcomes),
  ].join('\n');
}

/** Keeps a step's words together while lines are broken: a character that is no blank and that nobody uses. */
const tie = '\ue000';

function ordersTable(outcomes: readonly SampleOutcome[]): string {
  const table = new Table({
    head: ['Sample order', 'Steps', 'Outcome', 'Time'],
    style: { head: [], border: [] },
    colWidths: [23, 48, 20, 9],
    wordWrap: true,
  });
  for (const outcome of outcomes) {
    const { order, saga } = outcome;
    const mark = isAsExpected(outcome) ? '' : '\n✘ NOT EXPECTED';
    table.push([
      `${outcome.case.name}\n${order.protocol}`,
      saga.steps
        .filter(({ state }) => state !== notBegun)
        .map(step => `${markOf(step)} ${step.name}`.replaceAll(' ', tie))
        .join('  '),
      [order.status, order.reason].filter(Boolean).join('\n') + mark,
      `${durationMs(outcome)} ms`,
    ]);
  }
  return table.toString().replaceAll(tie, ' ');
}

function markOf({ state, undone }: SampleOutcome['saga']['steps'][number]): string {
  if (undone) return '↩';
  return state === 'done' || state === 'committed' ? '✔' : '✘';
}

function addresses(urls: Stack['urls'], outcomes: readonly SampleOutcome[]): string {
  const docs = (
    ['order', 'order-operations', 'inventory', 'payment', 'shipping', 'orchestrator', 'operations'] as const
  ).map(service => `  ${service.padEnd(18)}${urls[service]}/docs`);
  const parties = partyNames.map(party => `  ${party.padEnd(18)}${urls[party]}`);
  const id = outcomes[0]?.order.id ?? '';
  return [
    'API documentation:',
    ...docs,
    '',
    'Outside parties (infra/simulators):',
    ...parties,
    '',
    'To try:',
    `  curl -s ${urls.order}/orders/${id}`,
    `  curl -s ${urls.orchestrator}/sagas/${id}`,
    `  curl -s ${urls.operations}/operations/sagas/${id}`,
    `  curl -s '${urls['order-operations']}/operations/orders?limit=3'`,
    `  curl -s '${urls.order}/orders?limit=3'`,
    `  curl -si ${urls.order}/orders -H 'content-type: application/json' -d '${JSON.stringify(exampleOrder)}'`,
    `  curl -s ${urls.inventory}/stock/${example.sku}`,
    `  curl -s ${urls.payment}/ledger`,
  ].join('\n');
}

const exampleOrder = {
  customerId: example.customerId,
  lines: [{ sku: example.sku, quantity: 1, unitPriceCents: 3_900 }],
  payment: { kind: 'wallet' },
  address: {
    zone: example.zone,
    name: 'Alice',
    street: '1 High Street',
    city: 'York',
    postalCode: 'YO1 7HX',
  },
};

/** From its acceptance to its end, by the order service's clock. */
const durationMs = ({ order }: SampleOutcome): number =>
  order.endedAt === null ? 0 : Date.parse(order.endedAt) - Date.parse(order.placedAt);

const seconds = (ms: number | null): string => (ms === null ? 'never' : `${(ms / 1_000).toFixed(1)} s`);
