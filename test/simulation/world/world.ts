import { heardBy } from '@ballast/choreography';
import type { Message, Outgoing } from '@ballast/messaging';
import { placeOrderChoreographed } from '@ballast/place-order';
import { choreographed } from '../flows/choreographed.js';
import type { Flow, Timer } from '../flows/flow.js';
import { orchestrated } from '../flows/orchestrated.js';
import { tcc } from '../flows/tcc.js';
import { twoPhase } from '../flows/two-phase.js';
import type { Mutant } from './mutants.js';
import { type Answered, participants } from './participants.js';
import { ask } from './parties.js';
import { beginsAt, day, type Plan } from './plan.js';
import { type Call, emptyNode, type Node, type NodeName, nodeNames, type State } from './state.js';

const flows: Record<Plan['protocol'], Flow> = { orchestrated, choreographed, tcc, 'two-phase': twoPhase };

/**
 * A shop in one state: five processes, what is under way between them, and the outside parties. It does nothing by
 * itself; steps.ts lists what may happen, and whoever picks the steps decides everything.
 */
export class World {
  readonly #flow: Flow;

  constructor(
    readonly plan: Plan,
    readonly mutant: Mutant | null,
    public state: State = beginning(plan),
  ) {
    this.#flow = flows[plan.protocol];
  }

  /** Every order has been placed, and is on its way. */
  static at(plan: Plan, mutant: Mutant | null = null): World {
    const world = new World(plan, mutant);
    for (const planned of plan.orders) {
      world.node('order').own[planned.id] = { status: 'PENDING' };
      world.#flow.begin(world, planned);
    }
    return world;
  }

  get now(): number {
    return this.state.now;
  }

  node(name: NodeName): Node {
    return this.state.nodes[name];
  }

  is(mutant: Mutant): boolean {
    return this.mutant === mutant;
  }

  timers(): Timer[] {
    return this.#flow.timers(this);
  }

  /** Something happened that must not happen. */
  alarm(text: string): void {
    this.state.happened.alarms.push(text);
  }

  /** Writes a message to a process's outbox, in the transaction of what caused it. */
  send(from: NodeName, topic: string, message: Message): void {
    this.node(from).outbox.push({ topic, message });
  }

  /** Hands a command to a participant, and gets what it answers at once. */
  command(name: NodeName, message: Message): Answered[] {
    return participants[name]!.command(this.#pass(name), message);
  }

  /** Sends what is in the outbox, in its order. */
  publish(name: NodeName): void {
    const { outbox } = this.node(name);
    for (const outgoing of outbox) this.#underWay(outgoing);
    outbox.length = 0;
  }

  /** Some of it is sent, and none is marked as sent: all of it will be sent again. */
  publishAndForget(name: NodeName, countMax: number): void {
    this.state.happened.duplicates++;
    for (const outgoing of this.node(name).outbox.slice(0, countMax)) this.#underWay(outgoing);
  }

  /** The first message of a way comes once more, after those that are under way by now. */
  repeat(way: string): void {
    this.state.happened.duplicates++;
    const messages = this.state.ways[way]!;
    messages.push(messages[0]!);
  }

  /** A process takes the first message of a way, in one transaction. */
  deliver(name: NodeName, way: string): void {
    const messages = this.state.ways[way]!;
    const message = messages.shift()!;
    if (messages.length === 0) delete this.state.ways[way];
    this.#caught(() => this.#flow.handle(this, name, message));
  }

  /** An outside party is asked, and its answer is handled. */
  ask(name: NodeName, call: Call): void {
    this.#caught(() => {
      const answer = ask(this.state.parties, this.plan, call);
      this.#flow.answered(this, name, participants[name]!.answer(this.#pass(name), call, answer));
    });
  }

  work(name: NodeName, index: number, fault: 'lost' | null = null): void {
    const [task] = this.node(name).tasks.splice(index, 1);
    this.#caught(() => this.#flow.work(this, name, task!, fault));
  }

  timer(name: NodeName, orderId: string): void {
    this.#caught(() => this.#flow.timer(this, name, orderId));
  }

  cancel(orderId: string): void {
    this.state.happened.cancelled.push(orderId);
    this.#caught(() => this.#flow.cancel(this, orderId));
  }

  /** What is in memory only is gone. */
  crash(name: NodeName): void {
    this.state.happened.crashes++;
    const node = this.node(name);
    node.up = false;
    node.tasks.length = 0;
    for (const id of Object.keys(node.memory)) delete node.memory[id];
  }

  /** What a process goes on with is what was stored, and nothing else. */
  restart(name: NodeName): void {
    const stored = JSON.parse(JSON.stringify(this.node(name))) as Node;
    this.state.nodes[name] = { ...stored, up: true };
    this.#caught(() => this.#flow.restarted(this, name));
  }

  /** What an operator does when nothing moves any more: what is parked is tried once more. */
  resume(): void {
    this.#flow.resume(this);
  }

  #underWay({ topic, message }: Outgoing): void {
    for (const consumer of consumersOf(topic, message)) {
      const way = `${consumer}|${topic}|${message.subject}|${message.source}`;
      (this.state.ways[way] ??= []).push(message);
    }
  }

  #pass(name: NodeName) {
    return { node: this.node(name), now: this.now, withoutBarrier: this.is('no barrier') };
  }

  /** A message that can't be handled is a bug here: there are no messages from outside. */
  #caught(take: () => void): void {
    try {
      take();
    } catch (error) {
      this.alarm(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    }
  }
}

function beginning({ pieces, balanceCents, slots }: Plan): State {
  const nodes = Object.fromEntries(nodeNames.map(name => [name, emptyNode()])) as Record<NodeName, Node>;
  const shelf = { sku: 'kettle', warehouse: 'york', available: pieces, reserved: 0, shipped: 0 };
  nodes.inventory.shared['kettle'] = shelf;
  nodes.payment.shared['alice'] = { customerId: 'alice', balanceCents };
  const key = `north/${day}`;
  nodes.shipping.shared[key] = { key, free: Array.from({ length: slots }, (_, index) => index + 1) };
  return {
    now: beginsAt,
    nodes,
    ways: {},
    parties: { answers: {}, cards: {}, labels: {} },
    happened: { crashes: 0, duplicates: 0, earlyTimers: 0, cancelled: [], alarms: [] },
  };
}

/** Commands and replies have one reader; an event has everybody who reacts to it. */
function consumersOf(topic: string, { type }: Message): readonly NodeName[] {
  if (!topic.endsWith('.events')) return [topic.slice(0, topic.indexOf('.')) as NodeName];
  return readers[type] ?? [];
}

const readers: Record<string, NodeName[]> = {};
for (const name of nodeNames) {
  for (const { type } of name === 'orchestrator' ? [] : heardBy(placeOrderChoreographed, name)) {
    (readers[type] ??= []).push(name);
  }
}
