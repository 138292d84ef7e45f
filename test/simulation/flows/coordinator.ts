import { type Answer, answerType, askDecision, cancelSaga, startSaga, topicOf } from '@ballast/contracts';
import type { Message } from '@ballast/messaging';
import {
  advance,
  type Advanced,
  decisionOf,
  type Definition,
  type Event,
  hasEnded,
  type Instance,
  nextDue,
  type Operation,
  start,
  startAborted,
} from '@ballast/two-phase';
import type { PlannedOrder } from '../world/plan.js';
import type { World } from '../world/world.js';
import { messageOf, parkAfterAttempts, type Timer } from './flow.js';

const from = 'orchestrator';

/** The coordinator's shell, for whatever is prepared and then committed or aborted everywhere. */
export class Coordinator {
  readonly #answers = new Map<string, { part: string; operation: Operation }>();

  private readonly definition: Definition<never>;

  constructor(definition: Definition<never>) {
    this.definition = { ...definition, patience: { ...definition.patience, parkAfterAttempts } };
    for (const branch of definition.branches) {
      for (const operation of ['prepare', 'commit', 'abort'] as const)
        this.#answers.set(answerType(branch[operation]), { part: branch.name, operation });
    }
    for (const step of definition.afterwards)
      this.#answers.set(answerType(step.do), { part: step.name, operation: 'do' });
  }

  begin(world: World, { id, order, deadlineMs }: PlannedOrder): void {
    const data = { definition: this.definition.name, input: order, deadline: world.now + deadlineMs };
    world.send('order', topicOf(startSaga), messageOf(startSaga.type, data, { from: 'order', orderId: id }));
  }

  cancel(world: World, orderId: string): void {
    world.send('order', topicOf(cancelSaga), messageOf(cancelSaga.type, {}, { from: 'order', orderId }));
  }

  handle(world: World, { type, subject: orderId, data, attempt = 1 }: Message): void {
    if (type === startSaga.type)
      return this.#begun(world, orderId, data as { input: never; deadline: number });
    if (type === cancelSaga.type) {
      if (this.#known(world, orderId) === undefined) world.node(from).cancelledEarly[orderId] = true;
      return this.#advanced(world, orderId, { kind: 'cancel' });
    }
    if (type === askDecision.type) {
      const { branch: part } = data as { branch: string };
      return this.#advanced(world, orderId, { kind: 'asked', part });
    }
    const about = this.#answers.get(type);
    // The answer to what was told, which nothing waits for.
    if (about === undefined) return;
    this.#advanced(world, orderId, { kind: 'answered', ...about, attempt, answer: data as Answer });
  }

  timers(world: World): Timer[] {
    return Object.values(world.node(from).instances).flatMap(({ id }) => {
      const due = nextDue(this.#known(world, id)!);
      return due === null ? [] : [{ node: from, orderId: id, at: due.getTime() }];
    });
  }

  timer(world: World, orderId: string): void {
    this.#advanced(world, orderId, { kind: 'timer' });
  }

  resume(world: World): void {
    for (const { id } of Object.values(world.node(from).instances)) {
      if (!hasEnded(this.#known(world, id)!.state)) this.#advanced(world, id, { kind: 'resume' });
    }
  }

  #known(world: World, orderId: string): Instance<never> | undefined {
    const { memory, instances } = world.node(from);
    return (memory[orderId] ?? instances[orderId]) as Instance<never> | undefined;
  }

  #begun(world: World, orderId: string, { input, deadline }: { input: never; deadline: number }): void {
    if (this.#known(world, orderId) !== undefined) return;
    const beginning = { id: orderId, input, deadlineAt: deadline };
    const early = world.node(from).cancelledEarly[orderId];
    delete world.node(from).cancelledEarly[orderId];
    const begun =
      early === true
        ? startAborted(this.definition, beginning, 'CANCELLED', world.now)
        : start(this.definition, beginning, world.now);
    this.#stored(world, begun);
  }

  #advanced(world: World, orderId: string, event: Event): void {
    const instance = this.#known(world, orderId);
    if (instance !== undefined) this.#stored(world, advance(this.definition, instance, event, world.now));
  }

  /** The instance, its decision among it, and what it sends, together. */
  #stored(world: World, { instance, effects }: Advanced): void {
    const { id: orderId } = instance;
    const decides = decisionOf(instance.state) === 'commit' && !hasEnded(instance.state);
    const node = world.node(from);
    if (world.is('decision not logged') && decides) {
      node.memory[orderId] = instance;
    } else {
      node.instances[orderId] = instance;
      delete node.memory[orderId];
    }
    for (const effect of effects) {
      if (effect.kind === 'alarm') world.alarm(`${effect.alarm}: ${effect.detail}`);
      if (effect.kind !== 'send' && effect.kind !== 'tell') continue;
      const { command, data } = effect;
      const about = effect.kind === 'send' ? { ...effect, step: effect.part } : {};
      world.send(from, topicOf(command), messageOf(command.type, data, { from, orderId, ...about }));
    }
    if (world.is('decision not logged') && decides) world.publish(from);
  }
}
