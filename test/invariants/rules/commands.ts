import {
  askDecision,
  cancelSaga,
  operatorCommands,
  ownerOf,
  type Protocol,
  startSaga,
} from '@ballast/contracts';
import type { Dossier } from '../reading/dossier.js';
import { type FlowRecord, protocolOf, recordOf } from '../reading/flow-record.js';
import { flow, flows, noticeType, roles } from '../reading/flow.js';
import type { MessageRow } from '../reading/topic-log.js';
import type { Notes, Rule } from '../rule.js';

/**
 * Reads the commands on the topics, and the sagas and coordinators. Each attempt that one has counted is one message:
 * none is lost, none was sent by a transaction that was rolled back, none twice under two ids. An order has one start.
 * Who asks a coordinator that has heard from him already is told the decision once more, which is not counted. What an
 * operator asks for is a row and a message, and is decided.
 */
export const commandsAreTheSagas: Rule = {
  name: 'every command is one that its saga has sent, and none is lost',
  of: ['orchestrated', 'tcc', 'two-phase'],
  needs: ['completed', 'undone'],
  order(dossier, notes) {
    const commands = dossier.messages.filter(({ type }) => !type.endsWith('.answered'));
    const protocol = protocolOf(dossier);
    const record = recordOf(protocol, dossier);
    notes.count('commands', commands.length);
    notes.count(
      'doubles',
      commands.reduce((sum, { copies }) => sum + copies - 1, 0),
    );
    checkStart(dossier, commands, notes);
    checkAttempts(dossier.id, record, commandsOf(protocol), commands, notes);
    checkNotice(dossier.id, record, commands, notes);
    checkOperators(dossier, commands, notes);
    const known = new Set([...commandsOf(protocol), ...fromOthers, ...fromOperators, noticeType]);
    for (const { type } of commands) {
      if (!known.has(type)) notes.violate(dossier.id, `nobody here sends ${type}`);
    }
  },
};

/** What customers and participants send: nobody counts these. */
const fromOthers = [startSaga.type, cancelSaga.type, askDecision.type];

const fromOperators: readonly string[] = Object.values(operatorCommands).map(({ type }) => type);

/** What the protocol's coordinator sends and counts. */
function commandsOf(protocol: Protocol): readonly string[] {
  if (protocol !== 'tcc' && protocol !== 'two-phase') return [...roles.keys()];
  const { branches, afterwards } = flows[protocol];
  return [
    ...branches.flatMap(({ prepare, commit, abort }) => [prepare.type, commit.type, abort.type]),
    ...afterwards.map(step => step.do.type),
  ];
}

const countOf = (commands: readonly MessageRow[], type: string): number =>
  commands.filter(command => command.type === type).length;

function checkStart({ id, order, saga }: Dossier, commands: readonly MessageRow[], notes: Notes): void {
  const starts = countOf(commands, startSaga.type);
  if (order !== null && starts !== 1) notes.violate(id, `${starts} messages start its flow, not one`);
  if (starts > 0 && saga === null) notes.violate(id, 'its flow was started, and there is no saga');
  if (countOf(commands, cancelSaga.type) > 1) notes.violate(id, 'its cancel was asked for more than once');
  const definitions: readonly string[] = [flow.name, flows.tcc.name, flows['two-phase'].name];
  if (saga !== null && !definitions.includes(saga.definition))
    notes.violate(id, `its definition ${saga.definition} is unknown here`);
}

function checkOperators(
  { id, operatorActions }: Dossier,
  commands: readonly MessageRow[],
  notes: Notes,
): void {
  notes.count('operatorActions', operatorActions.length);
  const recorded = new Set(operatorActions.map(action => action.id));
  for (const command of commands)
    if (fromOperators.includes(command.type) && !recorded.has(command.id))
      notes.violate(id, `no operator has asked for ${command.type}`);
  for (const { id: wanted, action, outcome } of operatorActions) {
    if (!commands.some(command => command.id === wanted))
      notes.violate(id, `an operator's ${action} is on record, and on no topic`);
    else if (outcome === null) notes.violate(id, `an operator's ${action} was never decided`);
  }
}

function checkAttempts(
  id: string,
  record: FlowRecord | null,
  types: readonly string[],
  commands: readonly MessageRow[],
  notes: Notes,
): void {
  for (const type of types) {
    const sent = commands.filter(command => command.type === type);
    const counted = record?.sent?.get(type) ?? 0;
    const asked = countOf(
      commands.filter(({ source }) => source === `/${ownerOf({ type })}`),
      askDecision.type,
    );
    notes.count('repeatedAttempts', Math.max(0, counted - 1));
    const attempts = sent.map(({ attempt }) => attempt ?? 0).sort((a, b) => a - b);
    const right =
      attempts.length >= counted &&
      attempts.length <= counted + asked &&
      attempts.every((attempt, index) => attempt === Math.min(index, counted) + 1);
    if (!right)
      notes.violate(
        id,
        `its saga sent ${type} ${counted} times, on the topic are attempts ${attempts.join(', ') || 'none'}`,
      );
  }
}

function checkNotice(
  id: string,
  record: FlowRecord | null,
  commands: readonly MessageRow[],
  notes: Notes,
): void {
  const told = countOf(commands, noticeType);
  const expected = record?.is === 'cancelled' ? 1 : 0;
  if (told !== expected) notes.violate(id, `${noticeType} was sent ${told} times, not ${expected}`);
}
