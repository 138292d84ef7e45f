import { startSaga, cancelSaga } from '@ballast/contracts';
import { stepsOf } from '@ballast/saga';
import type { Dossier } from '../reading/dossier.js';
import { noticeType, roles } from '../reading/flow.js';
import type { MessageRow } from '../reading/topic-log.js';
import type { Notes, Rule } from '../rule.js';

/**
 * Reads the commands on the topics, and the sagas. Each attempt that a saga has counted is one message: none is lost,
 * none was sent by a transaction that was rolled back, none twice under two ids. An order has one start.
 */
export const commandsAreTheSagas: Rule = {
  name: 'every command is one that its saga has sent, and none is lost',
  needs: ['completed', 'undone'],
  order(dossier, notes) {
    const commands = dossier.messages.filter(({ type }) => !type.endsWith('.answered'));
    notes.count('commands', commands.length);
    notes.count(
      'doubles',
      commands.reduce((sum, { copies }) => sum + copies - 1, 0),
    );
    checkStart(dossier, commands, notes);
    checkAttempts(dossier, commands, notes);
    checkNotice(dossier, commands, notes);
    for (const { type } of commands) {
      if (!roles.has(type) && ![startSaga.type, cancelSaga.type, noticeType].includes(type))
        notes.violate(dossier.id, `nobody here sends ${type}`);
    }
  },
};

const countOf = (commands: readonly MessageRow[], type: string): number =>
  commands.filter(command => command.type === type).length;

function checkStart({ id, order, saga }: Dossier, commands: readonly MessageRow[], notes: Notes): void {
  const starts = countOf(commands, startSaga.type);
  if (order !== null && starts !== 1) notes.violate(id, `${starts} messages start its flow, not one`);
  if (starts > 0 && saga === null) notes.violate(id, 'its flow was started, and there is no saga');
  if (countOf(commands, cancelSaga.type) > 1) notes.violate(id, 'its cancel was asked for more than once');
}

function checkAttempts({ id, saga }: Dossier, commands: readonly MessageRow[], notes: Notes): void {
  const steps = saga === null ? [] : stepsOf(saga.state);
  for (const [type, { step, side }] of roles) {
    const sent = commands.filter(command => command.type === type);
    const counted = steps.find(({ name }) => name === step.name)?.[side]?.attempts ?? 0;
    notes.count('repeatedAttempts', Math.max(0, counted - 1));
    const attempts = sent.map(({ attempt }) => attempt ?? 0).sort((a, b) => a - b);
    const right = attempts.length === counted && attempts.every((attempt, index) => attempt === index + 1);
    if (!right)
      notes.violate(
        id,
        `its saga sent ${type} ${counted} times, on the topic are attempts ${attempts.join(', ') || 'none'}`,
      );
  }
}

function checkNotice({ id, saga }: Dossier, commands: readonly MessageRow[], notes: Notes): void {
  const told = countOf(commands, noticeType);
  const expected = saga?.state.kind === 'compensated' ? 1 : 0;
  if (told !== expected) notes.violate(id, `${noticeType} was sent ${told} times, not ${expected}`);
}
