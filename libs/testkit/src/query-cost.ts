import type { Connection } from '@ballast/platform';

/** A plan made for the values at hand, or one for all values: PostgreSQL may choose either for a prepared statement. */
export const planModes = ['force_custom_plan', 'force_generic_plan'] as const;
export type PlanMode = (typeof planModes)[number];

export interface QueryCost {
  /** 8 kB pages that were looked at, in memory or on disk. */
  readonly pages: number;
  /** Rows of the table that were read and then not wanted. */
  readonly rowsThrownAway: number;
  /** The plan as PostgreSQL explains it, for a failing test's message. */
  readonly plan: string;
}

/**
 * Runs a statement and tells what it read, so that a test can hold it to a few pages however large a table is: time
 * says nothing on a busy machine.
 * @param values the parameters as SQL literals, such as `'alice', ARRAY[1]`
 * @param table of which rows that are thrown away are counted
 * @throws the database's error when the statement fails
 */
export async function queryCost(
  connection: Connection,
  { text, values, table, mode }: { text: string; values: string; table: string; mode: PlanMode },
): Promise<QueryCost> {
  await connection.query({ text: `SET plan_cache_mode = ${mode}` });
  await connection.query({ text: `PREPARE costly AS ${text}` });
  const { rows } = await connection.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>({
    text: `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE costly (${values})`,
  });
  await connection.query({ text: 'DEALLOCATE costly' });
  const { Plan: plan } = rows[0]!['QUERY PLAN'][0];
  return {
    pages: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'],
    rowsThrownAway: nodesOf(plan)
      .filter(node => node['Relation Name'] === table)
      .reduce((sum, node) => sum + (node['Rows Removed by Filter'] ?? 0), 0),
    plan: JSON.stringify(plan, null, 1),
  };
}

interface PlanNode {
  readonly 'Relation Name'?: string;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}
const nodesOf = (plan: PlanNode): PlanNode[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
