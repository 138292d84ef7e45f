import type { Call, Next, Priority } from '../call/call.js';
import { Shed } from '../errors/refused.js';
import { checkNumbers } from '../policy/numbers.js';
import { Policy, type Surroundings, surroundings } from '../policy/policy.js';
import { warn } from '../policy/warning.js';

export interface LoadSheddingConfiguration {
  readonly policy: 'shed';
  /** With so many calls under way the load is 1. */
  readonly inFlightMax: number;
  /** Up to which load calls of a priority are let in. @default high 1, normal 0.8, low 0.5 */
  readonly upTo?: Partial<Readonly<Record<Exclude<Priority, 'critical'>, number>>>;
}

const defaults = { high: 1, normal: 0.8, low: 0.5 };

/**
 * Refuses the less important calls first when there is much to do, so that there is room for the others. Critical ones
 * are always let in: a health check that fails because much is going on makes everything worse.
 */
export class LoadShedding extends Policy<LoadSheddingConfiguration> {
  #inFlight = 0;
  #hasWarned = false;
  readonly #refused: Record<Exclude<Priority, 'critical'>, number> = { high: 0, normal: 0, low: 0 };

  /**
   * @param load how much there is to do elsewhere, 1 being all that is bearable; the greater of both counts. One that
   *   can not be read is none: a gauge that is broken is no reason to refuse anybody.
   */
  constructor(
    configuration: LoadSheddingConfiguration,
    given?: Partial<Surroundings>,
    private readonly load: () => number = () => 0,
  ) {
    super(configuration, surroundings(given));
    check(configuration);
  }

  execute(call: Call, next: Next): Promise<unknown> {
    const priority = priorityOf(call);
    if (
      priority !== 'critical' &&
      this.#loadNow() >= (this.configuration.upTo?.[priority] ?? defaults[priority])
    ) {
      this.#refused[priority]++;
      return this.refuse(new Shed(`too much to do for ${priority} priority`, this.surroundings.dependency));
    }
    this.#inFlight++;
    return next(call).then(
      value => {
        this.#leave(call);
        return value;
      },
      (error: unknown) => {
        this.#leave(call);
        throw error;
      },
    );
  }

  state() {
    return { inFlight: this.#inFlight, load: this.#loadNow(), refused: { ...this.#refused } };
  }

  reconfigure(configuration: LoadSheddingConfiguration): void {
    check(configuration);
    this.configuration = configuration;
  }

  #loadNow(): number {
    return Math.max(this.#inFlight / this.configuration.inFlightMax, this.#loadElsewhere());
  }

  #loadElsewhere(): number {
    try {
      const load = this.load();
      if (load >= 0) return load;
      throw new RangeError(`it is ${load}`);
    } catch (error) {
      if (!this.#hasWarned) warn(`${this.surroundings.dependency}: the load counts as none`, error);
      this.#hasWarned = true;
      return 0;
    }
  }

  #leave(call: Call): void {
    if (call.busy) call.whenIdle(this.#free);
    else this.#free();
  }

  readonly #free = (): void => {
    this.#inFlight--;
  };
}

/** Of a priority that is none, as a header may bring it, nothing is known. */
function priorityOf({ options: { priority = 'normal' } }: Call): Priority {
  return priority === 'critical' || Object.hasOwn(defaults, priority) ? priority : 'normal';
}

function check({ inFlightMax, upTo = {} }: LoadSheddingConfiguration): void {
  checkNumbers('shed', { inFlightMax }, 'whole, from 1');
  checkNumbers('shed', { ...defaults, ...upTo }, '0 or more');
}
