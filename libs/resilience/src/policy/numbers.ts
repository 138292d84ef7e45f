import { inspect } from 'node:util';

/**
 * Numbers of a configuration: a wrong one stops the construction with one clear line. So does one that makes no sense: a
 * time that no timer can wait (2^31 ms, 24.8 days, would be over at once), or less than a thousandth, which rounding loses.
 */
export function checkNumbers(
  policy: string,
  numbers: Readonly<Record<string, number>>,
  rule:
    | 'a time, from 1 ms'
    | 'from 0.001'
    | '0 or more'
    | '1 or more'
    | 'whole, from 1'
    | 'whole, from 0'
    | 'above 0, at most 1',
): void {
  for (const [name, value] of Object.entries(numbers)) {
    // An environment gives strings: "100" passes every comparison, and is "1005" when 5 is added.
    if (typeof value !== 'number')
      throw new RangeError(`${policy}: ${name} is ${inspect(value)}; it has to be a number`);
    if (!rules[rule](value)) throw new RangeError(`${policy}: ${name} is ${value}; it has to be ${rule}`);
    if (value > most) throw new RangeError(`${policy}: ${name} is ${value}; it can be ${most} at most`);
  }
}

const most = 2 ** 31 - 1;

const rules = {
  'a time, from 1 ms': (value: number) => value >= 1,
  'from 0.001': (value: number) => value >= 0.001,
  '0 or more': (value: number) => value >= 0,
  '1 or more': (value: number) => value >= 1,
  'whole, from 1': (value: number) => Number.isInteger(value) && value >= 1,
  'whole, from 0': (value: number) => Number.isInteger(value) && value >= 0,
  'above 0, at most 1': (value: number) => value > 0 && value <= 1,
};
