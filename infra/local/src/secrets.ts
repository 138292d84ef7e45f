import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Passwords by role. */
export type Secrets = Readonly<Record<string, string>>;

/** The passwords of these roles: those of the start before, and new ones for roles that it did not know. */
export function loadSecrets<Role extends string>(file: string, roles: readonly Role[]): Record<Role, string> {
  const known: Secrets = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Secrets) : {};
  const secrets = { ...known };
  for (const role of roles) secrets[role] ??= randomBytes(24).toString('base64url');
  if (Object.keys(secrets).length > Object.keys(known).length) writeAtomically(file, secrets);
  return secrets as Record<Role, string>;
}

function writeAtomically(file: string, secrets: Secrets): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
