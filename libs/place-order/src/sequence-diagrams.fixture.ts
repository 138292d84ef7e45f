import { type Choreography, eventsOf, type Reaction } from '@ballast/choreography';
import { type Command, startSaga } from '@ballast/contracts';
import type { Definition as Saga, Step } from '@ballast/saga';
import type { Branch, Definition as Coordinated, TwoPhaseDefinition } from '@ballast/two-phase';

const participants = ['order', 'inventory', 'payment', 'shipping'];
const ownerOf = (type: string): string => type.slice(0, type.indexOf('.'));

/** Who asks whom, step by step, as a Mermaid sequence diagram. */
export function sequenceOfSaga({ steps, whenCompensated }: Saga): string {
  const stages = Map.groupBy(steps, ({ stage }) => stage);
  const undoable = steps.filter(step => step.kind === 'undoable');
  return [
    ...head(['order', 'orchestrator', ...participants.slice(1)]),
    `order ->> orchestrator: ${startSaga.type}`,
    ...[...stages.values()].flatMap(stage => atOnce(stage.map(asked))),
    'opt rejected, cancelled, timed out or past the deadline, before the pivot',
    ...indented([
      ...undoable.toReversed().flatMap(step => exchange('orchestrator', step.undo)),
      ...told(whenCompensated?.tell),
    ]),
    'end',
  ].join('\n  ');
}

function asked(step: Step): string[] {
  const lines = exchange('orchestrator', step.do);
  return step.kind === 'pivot'
    ? ['Note over orchestrator: the pivot: from its sending on nothing is undone', ...lines]
    : lines;
}

/** Everybody prepares, one decision, everybody does it. */
export function sequenceOfCoordinator(definition: Coordinated): string {
  const { branches, afterwards, whenAborted } = definition;
  const ask = (of: (branch: Branch) => Command) =>
    atOnce(
      branches.map(branch => exchange('orchestrator', of(branch), workIn(definition, branch, of(branch)))),
    );
  return [
    ...head(['order', 'orchestrator', ...participants.slice(1)]),
    `order ->> orchestrator: ${startSaga.type}`,
    ...ask(({ prepare }) => prepare),
    'Note over orchestrator: the decision is on record before anybody is told',
    'alt everybody has said yes',
    ...indented([
      ...ask(({ commit }) => commit),
      ...afterwards.flatMap(step => exchange('orchestrator', step.do)),
    ]),
    'else somebody said no, cancelled, timed out or past the deadline',
    ...indented([...ask(({ abort }) => abort), ...told(whenAborted?.tell)]),
    'end',
  ].join('\n  ');
}

/** What a prepared transaction does, and what becomes of it. */
function workIn(definition: Coordinated, branch: Branch, command: Command): string[] {
  if (definition.protocol !== 'two-phase') return [];
  const { work } = definition as TwoPhaseDefinition;
  const types = work[branch.name]!.map(item => item.do.type).join(', ');
  const note = new Map([
    [branch.prepare, `${types}: PREPARE TRANSACTION`],
    [branch.commit, 'COMMIT PREPARED'],
    [branch.abort, 'ROLLBACK PREPARED'],
  ]).get(command);
  return note === undefined ? [] : [`Note over ${branch.name}: ${note}`];
}

/** Who reacts to whose event: first how an order is completed, then how one that failed is cancelled. */
export function sequenceOfChoreography(choreography: Choreography): string {
  const { reactions } = choreography;
  const arbiter = reactions.find(({ kind, on }) => kind === 'undo' && on.kind === 'any')!;
  const undoing = reactions.filter(({ kind }) => kind === 'undo' || kind === 'cancels');
  const going = reactions.filter(reaction => !undoing.includes(reaction));
  const failures = arbiter.on.events.map(({ type }) => type);
  return [
    ...head(participants),
    ...reactionsIn(choreography, going),
    `opt ${failures.join(', ')}`,
    ...indented([
      `Note over ${arbiter.participant}: ${arbiter.command.type}, unless the pivot came first`,
      ...reactionsIn(
        choreography,
        undoing.filter(reaction => reaction !== arbiter),
      ),
    ]),
    'end',
  ].join('\n  ');
}

/** In the order in which the events come; a reaction to several begins with the last of them. */
function reactionsIn(choreography: Choreography, reactions: readonly Reaction[]): string[] {
  const events = eventsOf(choreography).map(({ type }) => type);
  const lastOf = ({ on }: Reaction) => Math.max(...on.events.map(({ type }) => events.indexOf(type)));
  return reactions
    .toSorted((one, other) => lastOf(one) - lastOf(other))
    .flatMap(({ on, participant, command, kind }) => {
      const mark = kind === 'pivot' ? ' (pivot)' : '';
      return [
        ...on.events.map(({ type }) => `${ownerOf(type)} ->> ${participant}: ${type}`),
        `Note over ${participant}: ${command.type}${mark}`,
      ];
    });
}

const head = (names: readonly string[]): string[] => [
  'sequenceDiagram',
  ...names.map(name => `participant ${name}`),
];

const exchange = (from: string, { type }: Command, between: readonly string[] = []): string[] => [
  `${from} ->> ${ownerOf(type)}: ${type}`,
  ...between,
  `${ownerOf(type)} -->> ${from}: answer`,
];

const told = (command: Command | undefined): string[] =>
  command === undefined ? [] : [`orchestrator ->> ${ownerOf(command.type)}: ${command.type}`];

function atOnce(lines: readonly string[][]): string[] {
  if (lines.length === 1) return lines[0]!;
  return [...lines.flatMap((own, index) => [index === 0 ? 'par' : 'and', ...indented(own)]), 'end'];
}

const indented = (lines: readonly string[]): string[] => lines.map(line => `  ${line}`);
