import { testServers } from './test-servers.js';

/** For test files called *.db.test.ts: a PostgreSQL. */
export default () => testServers.use({ kafka: false });
