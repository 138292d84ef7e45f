export * from './coordinator/advance.js';
export { IllegalTransition } from './coordinator/draft.js';
export * from './coordinator/event.js';
export * from './coordinator/instance.js';
export { forcedAbort, type OperatorAction, operatorActions } from './coordinator/operator.js';
export * from './definition/definition.js';
export * from './definition/patience.js';
export { tcc, type Tcc } from './definition/tcc.js';
export {
  branchCommands,
  BranchOrder,
  twoPhase,
  type TwoPhase,
  type TwoPhaseDefinition,
  votesNo,
  type WorkItem,
} from './definition/two-phase.js';
export { advanceBranch } from './participant/advance-branch.js';
export * from './participant/branch.js';
export * from './participant/hold.js';
