/** Numbers of a configuration: a wrong one stops the construction with one clear line. */
export function checkNumbers(
  policy: string,
  numbers: Readonly<Record<string, number>>,
  rule: 'above 0' | '0 or more' | 'whole, from 1' | 'whole, from 0' | 'above 0, at most 1',
): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (!rules[rule](value)) throw new RangeError(`${policy}: ${name} is ${value}; it has to be ${rule}`);
  }
}

const rules = {
  'above 0': (value: number) => value > 0 && value < Infinity,
  '0 or more': (value: number) => value >= 0 && value < Infinity,
  'whole, from 1': (value: number) => Number.isSafeInteger(value) && value >= 1,
  'whole, from 0': (value: number) => Number.isSafeInteger(value) && value >= 0,
  'above 0, at most 1': (value: number) => value > 0 && value <= 1,
};
