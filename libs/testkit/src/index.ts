export * from './saga/index.js';
export { type About, command, coordinatorForTest, type TestCoordinator, until } from './coordinator.js';
export { databaseForTest, type TestDatabase } from './database.js';
export { planModes, type PlanMode, queryCost, type QueryCost } from './query-cost.js';
export { testBrokers, testPostgresUrl } from './servers.js';
export { topicsForTest, type TestTopics } from './topics.js';
