export { fetchKafkaLibraries } from './kafka/libraries.js';
export { startKafka, type KafkaOptions } from './kafka/kafka.js';
export { endOrphans } from './orphans.js';
export { AlreadyOwned, currentProcess, isAlive, ownerIn, takeLock, type Owner } from './owner.js';
export { cloneRoot, stateDirectory } from './places.js';
export { findFreePorts } from './ports.js';
export { postgresDirectory, startPostgres, type PostgresOptions } from './postgres/postgres.js';
export { Program, type Exit } from './program.js';
