import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Query } from '../queries.js';

export interface Statements<Name extends string = string> {
  /** The query in `<name>.sql`, as a prepared statement with these values. Throws when there is no such file. */
  statement(name: Name, values?: readonly unknown[]): Query;
}

/**
 * Reads every `.sql` file of a folder. Give the names that the code uses, and a missing file is an error here,
 * at boot, and a misspelt one an error of the compiler.
 * @param directory ends with a slash
 */
export function loadQueries<const Name extends string = string>(
  directory: URL,
  names: readonly Name[] = [],
): Statements<Name> {
  const prepared = new Map<string, { name: string; text: string }>();
  for (const file of readdirSync(directory).filter(entry => entry.endsWith('.sql'))) {
    const text = readFileSync(new URL(file, directory), 'utf8').trim();
    const name = file.slice(0, -'.sql'.length);
    prepared.set(name, { name: preparedName(name, text), text });
  }
  const missing = names.filter(name => !prepared.has(name));
  if (missing.length > 0) throw new Error(`no ${missing.join('.sql, ')}.sql in ${directory.href}`);
  return {
    statement(name, values) {
      const query = prepared.get(name);
      if (query === undefined) throw new Error(`no ${name}.sql in ${directory.href}`);
      return values === undefined ? query : { name: query.name, text: query.text, values };
    },
  };
}

/** Unique by content: a connection may be used with the queries of several folders. PostgreSQL cuts names at 63. */
const preparedName = (name: string, text: string): string =>
  `${name.slice(0, 50)}:${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
