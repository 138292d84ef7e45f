import type { Definition as SagaDefinition } from '@ballast/saga';
import type { Definition as CoordinatorDefinition } from '@ballast/two-phase';
import { coordinatorFlow } from '../two-phase/coordinator-flow.js';
import type { Flow } from './flow.js';
import { sagaFlow } from './saga-flow.js';

export type Definition = SagaDefinition | CoordinatorDefinition;

/**
 * What this process can run: sagas, and what is tried or prepared and then committed or aborted everywhere. Old versions
 * stay here until their last instance has ended.
 */
export class Definitions {
  readonly #newest = new Map<string, Flow>();
  readonly #byVersion = new Map<string, Flow>();

  constructor(definitions: readonly Definition[]) {
    for (const definition of definitions) {
      const key = keyOf(definition.name, definition.version);
      if (this.#byVersion.has(key)) throw new TypeError(`two definitions of ${key}`);
      const flow = 'protocol' in definition ? coordinatorFlow(definition) : sagaFlow(definition);
      this.#byVersion.set(key, flow);
      if (flow.version > (this.#newest.get(flow.name)?.version ?? 0)) this.#newest.set(flow.name, flow);
    }
  }

  /** What a new instance runs. */
  newest(name: string): Flow | undefined {
    return this.#newest.get(name);
  }

  /** `place-order 1`, ... */
  get names(): string[] {
    return [...this.#byVersion.keys()].sort();
  }

  /** What an instance that has started goes on with. */
  of({ definition, version }: { definition: string; version: number }): Flow | undefined {
    return this.#byVersion.get(keyOf(definition, version));
  }
}

const keyOf = (name: string, version: number): string => `${name} ${version}`;
