import { Protocol } from '@ballast/contracts';

/** Those of `--protocol`: one by its name, or all. Throws with what is wrong. */
export function protocolsNamed(name: string): readonly Protocol[] {
  if (name === 'all') return Protocol.options;
  const one = Protocol.safeParse(name);
  if (!one.success) throw new Error(`--protocol ${name} is none of all, ${Protocol.options.join(', ')}`);
  return [one.data];
}
