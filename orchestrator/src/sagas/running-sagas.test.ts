import type { Instance, State } from '@ballast/saga';
import { expect, test } from 'vitest';
import type { StoredSaga } from '../storage/saga-repository.js';
import { RunningSagas } from './running-sagas.js';

const running: State = { kind: 'running', pivot: 'ahead', steps: [] };

const sagaOf = (id: string, lane = 1, state: State = running): StoredSaga => ({
  lane,
  trace: {},
  instance: {
    id,
    definition: 'sample',
    version: 1,
    input: {},
    deadlineAt: null,
    history: '',
    state,
  } satisfies Instance,
});

test('a saga that has ended is not kept', () => {
  const sagas = new RunningSagas();
  sagas.remember([sagaOf('a'), sagaOf('b')]);
  sagas.remember([sagaOf('a', 1, { kind: 'completed', steps: [] })]);
  expect([sagas.get('a'), sagas.get('b')?.instance.id, sagas.size]).toEqual([undefined, 'b', 1]);
});

test('the sagas of lanes that may have another owner are forgotten, the others are kept', () => {
  const sagas = new RunningSagas();
  sagas.remember([sagaOf('a', 1), sagaOf('b', 2), sagaOf('c', 3)]);
  sagas.forget([1, 3]);
  expect(['a', 'b', 'c'].map(id => sagas.get(id)?.lane)).toEqual([undefined, 2, undefined]);
});

test('memory is bounded: those that were touched the longest ago go first', () => {
  const sagas = new RunningSagas(3);
  sagas.remember([sagaOf('a'), sagaOf('b'), sagaOf('c')]);
  sagas.remember([sagaOf('a'), sagaOf('d')]);
  expect(['a', 'b', 'c', 'd'].filter(id => sagas.get(id) !== undefined)).toEqual(['a', 'c', 'd']);
});
