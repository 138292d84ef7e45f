import pg from 'pg';

/**
 * Gives each service a role, with the password, and a database of the same name that nobody else may enter. What is
 * there already keeps its data.
 * @param passwords by service
 */
export async function ensureDatabases(
  superuserUrl: string,
  passwords: Readonly<Record<string, string>>,
): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl, application_name: 'ballast start' });
  await client.connect();
  try {
    for (const [service, password] of Object.entries(passwords)) await ensure(client, service, password);
  } finally {
    await client.end();
  }
}

/** The URL by which a service reaches its own database. */
export function databaseUrl(superuserUrl: string, service: string, password: string): string {
  const url = new URL(superuserUrl);
  url.username = service;
  url.password = password;
  url.pathname = `/${service}`;
  return url.href;
}

async function ensure(client: pg.Client, service: string, password: string): Promise<void> {
  // `order` is a word of SQL: names are quoted.
  const name = pg.escapeIdentifier(service);
  const { rowCount: roles } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [service]);
  await client.query(
    `${roles === 0 ? 'CREATE' : 'ALTER'} ROLE ${name} LOGIN PASSWORD ${pg.escapeLiteral(password)}`,
  );
  const { rowCount: databases } = await client.query('SELECT FROM pg_database WHERE datname = $1', [service]);
  if (databases === 0) await client.query(`CREATE DATABASE ${name} OWNER ${name}`);
  await client.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
}
