export { BranchBook, type BranchSums } from './branches/branch-book.js';
export { Branches, type BranchesOptions } from './branches/branches.js';
export { BranchesModule } from './branches/branches.module.js';
export { branchChores } from './branches/chores.js';
export { BranchHandler } from './branches/handler.js';
export { type BranchConfiguration, branchSettings } from './branches/settings.js';
export { DeadLettersModule } from './dead-letters/dead-letters.module.js';
export { DependenciesModule } from './dependencies/dependencies.module.js';
export { Dependency } from './dependencies/dependency.js';
export { type Cursors, cursorsOf, orderCursorsOf } from './http/cursors.js';
export { idempotencyKeyOf } from './http/idempotency-key.js';
export { addPartitions, createTopics, deleteTopics } from './kafka/admin.js';
export { type HoldConfiguration, holdPatienceOf, holdSettings } from './holds/settings.js';
export { createMessage, decode, encode, inherited, RecordTooLarge, Undecodable } from './envelope.js';
export {
  type PartitionBounds,
  readTopic,
  topicEnds,
  type TopicRecord,
  truncateTopic,
  visitTopics,
  writeTopic,
} from './kafka/records.js';
export { kafkaOf, type KafkaOptions, laneOf } from './kafka/connection.js';
export { type ConsumerConfiguration, consumerSettings } from './kafka/settings.js';
export { LaneBook, type OwnLanes } from './lane-book/lane-book.js';
export { LanesModule } from './lane-book/lanes.module.js';
export type { LoopHealth } from './lanes/lane-loop.js';
export { LaneServer, LANES, PassContext } from './lanes/lane-server.js';
export { type LoopOptions, loopSettings } from './lanes/settings.js';
export { Prefetched } from './lanes/prefetched.js';
export type { Timeliness } from './lanes/untimely.js';
export * from './lanes/work.js';
export * from './message.js';
export { HttpOutbox, type HttpOutboxRow } from './outbox/http-outbox.js';
export type { OutboxRow } from './outbox/publisher.js';
export {
  actionView,
  type NewOperation,
  Operations,
  recordActions,
  type Ruling,
  type StoredAction,
} from './operations/operations.js';
export { OperationAnswers, type OperationReply, wishAttributes } from './operations/operation-answers.js';
export { OperationsDesk, type Wish } from './operations/operations-desk.js';
export { OperatorRoute } from './operations/operator-route.js';
export type { Alarm } from './participant/alarm.js';
export * from './participant/definition.js';
export { ParticipantHandler, type ParticipantHandlerOptions } from './participant/handler.js';
export { OutsideCallWorker, type OutsideCallWorkerOptions } from './participant/outside-calls.js';
export {
  guarded,
  NoDefiniteAnswer,
  type OutsideAttempt,
  type OutsideParty,
} from './participant/outside-party.js';
export { participantChores } from './participant/chores.js';
export {
  participantLanes,
  type ParticipantLanes,
  type ParticipantLanesOptions,
} from './participant/participant-lanes.js';
export { participantMigrations } from './participant/tables.js';
export type { Moment } from './moments.js';
export { type News } from './reactions/reacting.js';
export { reactionSettings } from './reactions/reactions.js';
export { countParked, type ProgressRow, storedOf, type StoredProgress } from './reactions/tables.js';
export { type Happened } from './reactions/history.js';
export { retentionsFit, timelinessOf, transportChores } from './storage/retention.js';
export { messagingMigrations } from './storage/statements.js';
