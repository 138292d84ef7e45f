import { heardBy } from '@ballast/choreography';
import type { Message, Outgoing } from '@ballast/messaging';
import { placeOrderChoreographed } from '@ballast/place-order';
import type { Flow } from '../flows/flow.js';
import { choreographed } from '../flows/choreographed.js';
import { orchestrated } from '../flows/orchestrated.js';
import { tcc } from '../flows/tcc.js';
import { twoPhase } from '../flows/two-phase.js';
import type { Mutant } from './mutants.js';
import { type Answered, participants } from './participants.js';
import { ask } from './parties.js';
import { beginsAt, day, type Plan } from './plan.js';
import { type Call, emptyNode, type Node, type NodeName, nodeNames, type State, type Task } from './state.js';

const flows: Record<Plan['protocol'], Flow> = { orchestrated, choreographed, tcc, 'two-phase': twoPhase };

/** One thing that may happen next. */
export interface Step {
  /** For a story: what happens, in words. Asked before the step is taken. */
  readonly label: () => string;
  readonly take: () => void;
  /** It may be why an order is cancelled. */
  readonly disturbs?: boolean;
}

/** A shop in one state, and what may happen to it. Everything is decided by whoever picks the steps. */
export class World {
  readonly #flow: Flow;

  constructor(
    readonly plan: Plan,
    readonly mutant: Mutant | null,
    readonly state: State = beginning(plan),
  ) {
    this.#flow = flows[plan.protocol];
  }

  /** Places every order. */
  static at(plan: Plan, mutant: Mutant | null = null): World {
    const world = new World(plan, mutant);
    for (const planned of plan.orders) {
      world.node('order').own[planned.id] = { status: 'PENDING' };
      world.#flow.begin(world, planned);
    }
    return world;
  }

  node(name: NodeName): Node {
    return this.state.nodes[name];
  }

  get now(): number {
    return this.state.now;
  }

  is(mutant: Mutant): boolean {
    return this.mutant === mutant;
  }

  alarm(text: string): void {
    this.state.happened.alarms.push(text);
  }

  /** What happens by itself, sooner or later. */
  ordinarySteps(): Step[] {
    const steps: Step[] = [];
    for (const name of nodeNames) {
      const node = this.node(name);
      if (!node.up) continue;
      if (node.outbox.length > 0) {
        steps.push({
          label: () => `${name} publishes ${typesOf(node.outbox)}`,
          take: () => this.publish(name),
        });
      }
      for (const [index, task] of node.tasks.entries()) {
        steps.push({ label: () => `${name}: ${shownTask(task)}`, take: () => this.#work(name, index) });
      }
      for (const call of openCalls(node)) {
        const label = () => `${name} asks ${call.call.party} to ${call.call.operation} for ${call.orderId}`;
        steps.push({ label, take: () => this.#ask(name, call) });
      }
    }
    for (const [way, messages] of Object.entries(this.state.ways)) {
      const [name, , orderId] = way.split('|') as [NodeName, string, string];
      if (!this.node(name).up) continue;
      const label = () => `${name} takes ${shownMessage(messages[0]!)} of ${orderId}`;
      steps.push({ label, take: () => this.#deliver(name, way) });
    }
    return steps;
  }

  /** Timers that are due by now. */
  dueSteps(): Step[] {
    return this.#timers()
      .filter(({ at, node }) => at <= this.now && this.node(node).up)
      .map(({ node, orderId }) => ({
        label: () => `the timer of ${orderId} at ${node}`,
        take: () => this.#caught(() => this.#flow.timer(this, node, orderId)),
      }));
  }

  /** Time passes, to the next timer that is not due yet. */
  waitSteps(): Step[] {
    const next = Math.min(...this.#timers().map(({ at }) => (at > this.now ? at : Infinity)));
    if (next === Infinity) return [];
    return [
      {
        label: () => `${(next - beginsAt) / 1_000} s after the beginning`,
        take: () => (this.state.now = next),
        disturbs: true,
      },
    ];
  }

  duplicateSteps(): Step[] {
    const again = Object.entries(this.state.ways).map(([way, messages]) => {
      const [name, , orderId] = way.split('|');
      const first = messages[0]!;
      const label = () => `${name} will take ${shownMessage(first)} of ${orderId} twice`;
      return { label, take: () => this.#count('duplicates', () => messages.push(first)) };
    });
    const sending = nodeNames.filter(name => this.node(name).up && this.node(name).outbox.length > 0);
    return [
      ...again,
      ...sending.map(name => ({
        label: () => `${name} publishes ${typesOf(this.node(name).outbox)}, and forgets that it has`,
        take: () => this.#count('duplicates', () => this.publish(name, { marks: false })),
      })),
      ...sending.map(name => ({
        label: () =>
          `${name} publishes ${typesOf(this.node(name).outbox.slice(0, 1))}, and loses the rest: all is sent again`,
        take: () => this.#count('duplicates', () => this.publish(name, { marks: false, countMax: 1 })),
      })),
    ];
  }

  crashSteps(): Step[] {
    return nodeNames
      .filter(name => this.node(name).up)
      .map(name => ({
        label: () => `${name} crashes`,
        // Whoever is prepared asks when he starts again, and a coordinator that has not decided aborts.
        disturbs: this.plan.protocol === 'two-phase',
        take: () => this.#count('crashes', () => this.#crash(name)),
      }));
  }

  /** The connection is lost while a branch is being prepared: nobody knows whether it is. */
  lostConnectionSteps(): Step[] {
    return nodeNames.flatMap(name =>
      this.node(name).tasks.flatMap((task, index) =>
        task.kind === 'do'
          ? [
              {
                label: () => `${name}: ${shownTask(task)}, and its connection is lost`,
                take: () => this.#work(name, index, 'lost'),
                disturbs: true,
              },
            ]
          : [],
      ),
    );
  }

  /** As one step: a process that is down only makes everybody wait for it. */
  crashAndRestartSteps(): Step[] {
    return nodeNames.map(name => ({
      label: () => `${name} crashes and starts again`,
      take: () =>
        this.#count('crashes', () => {
          this.#crash(name);
          this.#restart(name);
        }),
    }));
  }

  restartSteps(): Step[] {
    return nodeNames
      .filter(name => !this.node(name).up)
      .map(name => ({ label: () => `${name} starts again`, take: () => this.#restart(name) }));
  }

  cancelSteps(): Step[] {
    const { cancelled } = this.state.happened;
    return this.plan.orders
      .filter(({ id }) => !cancelled.includes(id) && this.node('order').up)
      .map(({ id }) => ({
        label: () => `the customer cancels ${id}`,
        disturbs: true,
        take: () => {
          cancelled.push(id);
          this.#caught(() => this.#flow.cancel(this, id));
        },
      }));
  }

  /** What an operator does when nothing moves any more: what is parked is tried once more. */
  resume(): void {
    this.#flow.resume(this);
  }

  /** Writes a message to a process's outbox, in the transaction of what caused it. */
  send(from: NodeName, topic: string, message: Message): void {
    this.node(from).outbox.push({ topic, message });
  }

  /** Hands a command to a participant, and gets what it answers at once. */
  command(name: NodeName, message: Message): Answered[] {
    return participants[name]!.command(this.#pass(name), message);
  }

  /** Sends what is in the outbox, in its order. What is not marked as sent is sent again. */
  publish(name: NodeName, { marks = true, countMax = Infinity } = {}): void {
    const { outbox } = this.node(name);
    for (const outgoing of outbox.slice(0, countMax)) {
      for (const consumer of consumersOf(outgoing)) {
        const { subject, source } = outgoing.message;
        const way = `${consumer}|${outgoing.topic}|${subject}|${source}`;
        (this.state.ways[way] ??= []).push(outgoing.message);
      }
    }
    if (marks) outbox.length = 0;
  }

  #deliver(name: NodeName, way: string): void {
    const messages = this.state.ways[way]!;
    const message = messages.shift()!;
    if (messages.length === 0) delete this.state.ways[way];
    this.#caught(() => this.#flow.handle(this, name, message));
  }

  #ask(name: NodeName, call: Call): void {
    this.#caught(() => {
      const answer = ask(this.state.parties, this.plan, call);
      const answered = participants[name]!.answer(this.#pass(name), call, answer);
      this.#flow.answered(this, name, answered);
    });
  }

  #work(name: NodeName, index: number, fault: 'lost' | null = null): void {
    const [task] = this.node(name).tasks.splice(index, 1);
    this.#caught(() => this.#flow.work(this, name, task!, fault));
  }

  #crash(name: NodeName): void {
    const node = this.node(name);
    node.up = false;
    node.tasks.length = 0;
    for (const id of Object.keys(node.memory)) delete node.memory[id];
  }

  #restart(name: NodeName): void {
    // What it goes on with is what was stored, and nothing else.
    this.state.nodes[name] = { ...(JSON.parse(JSON.stringify(this.node(name))) as Node), up: true };
    this.#caught(() => this.#flow.restarted(this, name));
  }

  #timers() {
    return this.#flow.timers(this);
  }

  #pass(name: NodeName) {
    return { node: this.node(name), now: this.now, withoutBarrier: this.is('no barrier') };
  }

  #count(what: 'crashes' | 'duplicates', take: () => void): void {
    this.state.happened[what]++;
    take();
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
function consumersOf({ topic, message }: Outgoing): readonly NodeName[] {
  const owner = topic.slice(0, topic.indexOf('.')) as NodeName;
  if (!topic.endsWith('.events')) return [owner];
  return readers[message.type] ?? [];
}

const readers: Record<string, NodeName[]> = {};
for (const name of nodeNames) {
  for (const { type } of name === 'orchestrator' ? [] : heardBy(placeOrderChoreographed, name)) {
    (readers[type] ??= []).push(name);
  }
}

const openCalls = ({ calls }: Node): Call[] => Object.values(calls).filter(({ answer }) => answer === null);

const typesOf = (outbox: readonly Outgoing[]): string =>
  outbox.map(({ message }) => `${shownMessage(message)} of ${message.subject}`).join(', ');

function shownMessage({ type, attempt, data }: Message): string {
  const { outcome, code } = (data ?? {}) as { outcome?: string; code?: string };
  const answer = outcome === undefined ? '' : ` (${code ?? outcome})`;
  return `${type}${answer}${attempt !== undefined && attempt > 1 ? ` #${attempt}` : ''}`;
}

function shownTask(task: Task): string {
  switch (task.kind) {
    case 'do':
      return `prepares ${task.orderId}`;
    case 'end':
      return `${task.outcome === 'commit' ? 'commits' : 'rolls back'} what is prepared of ${task.orderId}`;
    case 'report':
      return `writes down that ${task.orderId} is ${task.event.kind}`;
  }
}
