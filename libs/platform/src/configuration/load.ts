import { z } from 'zod';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The configuration of this process, parsed and frozen. A bad value ends the process with exit code 1 and one line
 * on stderr that names every bad variable, what was expected and what was found; secrets are not shown.
 */
export function loadConfiguration<Schema extends z.ZodType>(
  schema: Schema,
  env: Environment = process.env,
): Readonly<z.infer<Schema>> {
  try {
    return parseConfiguration(schema, env);
  } catch (error) {
    if (!(error instanceof InvalidConfiguration)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

/** As `loadConfiguration`, but throws `InvalidConfiguration` instead of ending the process. */
export function parseConfiguration<Schema extends z.ZodType>(
  schema: Schema,
  env: Environment,
): Readonly<z.infer<Schema>> {
  const present = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = schema.safeParse(present);
  if (!result.success) throw new InvalidConfiguration(result.error.issues, present);
  return deepFreeze(result.data);
}

export class InvalidConfiguration extends Error {
  constructor(issues: readonly z.core.$ZodIssue[], env: Environment) {
    super(`invalid configuration: ${issues.map(issue => sentence(issue, env)).join('; ')}`);
    this.name = 'InvalidConfiguration';
  }
}

function sentence(issue: z.core.$ZodIssue, env: Environment): string {
  const name = String(issue.path[0] ?? 'environment');
  return `${name}: expected ${issue.message.replace(/^Invalid (input|option|string): (expected )?/, '')}, got ${shown(name, env[name])}`;
}

/** Quoted on one line; never a secret, nor anything that might hold one. */
function shown(name: string, value: string | undefined): string {
  if (value === undefined) return 'nothing';
  if (/PASS|SECRET|TOKEN|KEY|CREDENTIAL|URL|DSN/i.test(name) || value.includes('@'))
    return 'a value that is not shown';
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value);
}

function deepFreeze<T>(value: T): Readonly<T> {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
