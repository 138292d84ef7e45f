import type { SagaStatus } from '@ballast/contracts';
import type { Queries } from '@ballast/platform';
import type { State } from './instance.js';
import type { StoredState } from './saga-repository.js';
import { statements } from './statements.js';

/** A saga as it is committed, for people to look at. */
export interface SagaRecord {
  readonly orderId: string;
  readonly definition: string;
  readonly version: number;
  readonly state: State;
  readonly history: string;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
}

export interface FoundSaga extends SagaRecord {
  readonly parkedAt: Date | null;
}

/** What sagas are looked for by. */
export interface SagaFilter {
  readonly status?: SagaStatus | undefined;
  readonly step?: string | undefined;
  readonly reason?: string | undefined;
  readonly order?: string | undefined;
  readonly olderThanSeconds?: number | undefined;
}

export interface FoundPage {
  readonly sagas: readonly FoundSaga[];
  /** The next page begins after this order; undefined when there is none. */
  readonly next: string | undefined;
}

/** Looks at sagas from outside their lanes: it reads what is committed, and changes nothing. */
export class SagaReader {
  constructor(
    private readonly database: Queries,
    /** How many sagas a page looks at when ended ones are among them; lower in tests only. */
    private readonly stretchMax = 10_000,
  ) {}

  async find(orderId: string): Promise<SagaRecord | undefined> {
    const { rows } = await this.database.query<Row>(statements.statement('load-saga', [orderId]));
    return rows.map(recordOf)[0];
  }

  /** Newest first. A page may be shorter than its limit, even empty, and still have a next one. */
  async page(filter: SagaFilter, limit: number, after?: string): Promise<FoundPage> {
    const range = rangeOf(filter, after);
    const searched = [...range, ...criteriaOf(filter), limit];
    const isRunning = filter.status !== undefined && runningStatuses.includes(filter.status);
    const { rows } = await this.database.query<Row>(
      isRunning
        ? statements.statement('find-running-sagas', [...searched, false])
        : statements.statement('find-sagas', [...searched, this.stretchMax]),
    );
    const sagas = rows.map(recordOf);
    if (sagas.length === limit) return { sagas, next: sagas.at(-1)?.orderId };
    return { sagas, next: isRunning ? undefined : await this.#endOfStretch(range) };
  }

  /** The oldest of those that have not ended and match. */
  async pick(filter: SagaFilter, limit: number): Promise<string[]> {
    const searched = [...rangeOf(filter), ...criteriaOf(filter), limit, true];
    const { rows } = await this.database.query<Row>(statements.statement('find-running-sagas', searched));
    return rows.map(({ order_id }) => order_id);
  }

  /** How many are parked now. */
  async countParked(): Promise<number> {
    const { rows } = await this.database.query<{ parked: number }>(statements.statement('count-parked', []));
    return rows[0]!.parked;
  }

  async #endOfStretch(range: readonly (string | null)[]): Promise<string | undefined> {
    const asked = statements.statement('end-of-sagas-stretch', [...range, this.stretchMax]);
    return (await this.database.query<Row>(asked)).rows[0]?.order_id;
  }
}

interface Row {
  readonly order_id: string;
  readonly definition: string;
  readonly version: number;
  readonly started_at: Date;
  readonly ended_at: Date | null;
  readonly state: StoredState;
  readonly parked_at?: Date | null;
}

function recordOf({ order_id, definition, version, started_at, ended_at, state, parked_at }: Row): FoundSaga {
  const { history = '', ...rest } = state;
  return {
    orderId: order_id,
    definition,
    version,
    state: rest,
    history,
    startedAt: started_at,
    endedAt: ended_at,
    parkedAt: parked_at ?? null,
  };
}

const runningStatuses: readonly SagaStatus[] = ['running', 'compensating', 'parked'];
const everyStatus: readonly SagaStatus[] = [...runningStatuses, 'completed', 'compensated'];

/** Below and above every order id. */
const least = '00000000-0000-0000-0000-000000000000';
const greatest = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** From, to, and the last of the page before, which is left out. */
const rangeOf = ({ order }: SagaFilter, after?: string) => [
  order ?? least,
  order ?? after ?? greatest,
  after ?? null,
];

/** What a status is called in the states of sagas and of coordinators. */
const kindsOf: Readonly<Record<SagaStatus, readonly State['kind'][]>> = {
  running: ['running', 'preparing', 'committing'],
  compensating: ['compensating', 'aborting'],
  parked: ['parked'],
  completed: ['completed', 'committed'],
  compensated: ['compensated', 'aborted'],
};

const criteriaOf = ({ status, step, reason = '', olderThanSeconds }: SagaFilter) => [
  (status === undefined ? everyStatus : [status]).flatMap(one => kindsOf[one]),
  reason,
  olderThanSeconds ?? null,
  step ?? null,
];
