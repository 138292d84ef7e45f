import type { Programme } from '@ballast/contracts';
import type { Call, OperationName } from './party.js';

type Rule = Programme['rules'][number];

/** What becomes of a call. */
export interface Fate {
  readonly answer: Rule['answer'];
  readonly delayMs: number;
}

const normal: Fate = { answer: 'normal', delayMs: 0 };

/** The rules that a party misbehaves by; none at first. */
export class Rules {
  #rules: Rule[] = [];

  constructor(private readonly random: () => number = Math.random) {}

  replace(programme: Programme): void {
    this.#rules = programme.rules.map(rule => ({ ...rule }));
  }

  /** The rules that are left, with the number of calls that they still serve. */
  left(): Programme {
    return { rules: this.#rules };
  }

  /** The first rule that matches serves the call; one that its probability passes over leaves it to the next. */
  fateOf(operation: OperationName, facts: Call['facts']): Fate {
    for (const rule of this.#rules) {
      if (!matches(rule, operation, facts)) continue;
      if (rule.probability < 1 && this.random() >= rule.probability) continue;
      this.#spend(rule);
      return rule;
    }
    return normal;
  }

  #spend(rule: Rule): void {
    if (rule.times === undefined) return;
    rule.times--;
    if (rule.times === 0) this.#rules = this.#rules.filter(other => other !== rule);
  }
}

const matches = ({ match }: Rule, operation: OperationName, facts: Call['facts']): boolean =>
  (match.operation === undefined || match.operation === operation) &&
  (match.token === undefined || match.token === facts.token) &&
  (match.reference === undefined || match.reference === facts.reference) &&
  (match.zone === undefined || match.zone === facts.zone);
