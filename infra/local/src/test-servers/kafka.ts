import { testServers } from './test-servers.js';

/** For test files called *.kafka.test.ts: a PostgreSQL and a Kafka. */
export default () => testServers.use({ kafka: true });
