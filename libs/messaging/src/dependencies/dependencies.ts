import {
  type DependencyView,
  problems,
  type SwitchDependency,
  type TuneDependency,
} from '@ballast/contracts';
import { type Logger, Problem } from '@ballast/platform';
import type { Dependency } from './dependency.js';

/** The dependencies of a process, by name. */
export class Dependencies {
  constructor(
    readonly all: readonly Dependency[],
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  /** @throws Problem (404) */
  find(name: string): Dependency {
    const found = this.all.find(dependency => dependency.name === name);
    if (found !== undefined) return found;
    const names = this.all.map(dependency => dependency.name).join(', ');
    throw new Problem(problems.DEPENDENCY_NOT_FOUND, `this process depends on ${names}`);
  }

  switch(name: string, to: 'open' | 'close', { operator, reason }: SwitchDependency): DependencyView {
    const dependency = this.find(name);
    const { breaker } = dependency.pipeline;
    if (breaker === null) throw notTunable(`${name} has no breaker`);
    breaker[to]();
    this.logger.warn({ dependency: name, to, operator, reason }, `the breaker of ${name} was set by hand`);
    return dependency.view();
  }

  tune(name: string, { operator, reason, policies }: TuneDependency): DependencyView {
    const dependency = this.find(name);
    try {
      dependency.pipeline.tune(policies);
    } catch (error) {
      throw error instanceof RangeError ? notTunable(error.message) : error;
    }
    this.logger.warn({ dependency: name, policies, operator, reason }, `${name} was tuned by hand`);
    return dependency.view();
  }
}

const notTunable = (why: string) => new Problem(problems.DEPENDENCY_NOT_TUNABLE, why);
