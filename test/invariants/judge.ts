import { type Protocol, type ServiceName, serviceNames } from '@ballast/contracts';
import { defaultLimits, type Evidence, lacking, type Limits } from './limits.js';
import { type Dossier, dossiers } from './reading/dossier.js';
import { protocolOf } from './reading/flow-record.js';
import { readJournals } from './reading/journals.js';
import { Snapshot } from './reading/snapshot.js';
import { TopicLog } from './reading/topic-log.js';
import { type Expected, type Judged, Notes, type Rule, type Violation } from './rule.js';
import { rules } from './rules/rules.js';
import { undoneSteps } from './rules/undos.js';
import { settle } from './settle.js';

/** What is judged: a stack, or the addresses of one. */
export interface JudgedStack {
  /** Where the outside parties keep their journals. */
  readonly directory: string;
  readonly brokers: readonly string[];
  readonly databaseUrls: Readonly<Record<ServiceName, string>>;
  readonly topicPrefix?: string;
}

export interface JudgeOptions extends Partial<Expected> {
  readonly limits?: Partial<Limits>;
}

export interface Judgement {
  /** `unknown`: nothing is violated, and there is too little to prove that nothing can be. */
  readonly verdict: 'valid' | 'invalid' | 'unknown';
  /** By which it was judged. */
  readonly limits: Limits;
  readonly invariants: readonly JudgedInvariant[];
}

export interface JudgedInvariant {
  readonly name: string;
  readonly verdict: 'holds' | 'violated' | 'unknown';
  /** What was looked at, and how much of it. */
  readonly evidence: Readonly<Record<string, number>>;
  /** The first thousand; `evidence.violations` counts all. */
  readonly violations: readonly Violation[];
  /** What is missing to prove it. */
  readonly lacking?: string;
}

/**
 * Reads the databases, the topics and the outside parties' journals of a stack, and says of each invariant whether it
 * holds. Waits for the stack to come to rest first; in one that does not, what is on its way is left out. Writes nothing.
 * Rejects when a server cannot be reached.
 */
export async function judge(stack: JudgedStack, options: JudgeOptions = {}): Promise<Judgement> {
  const limits = { ...defaultLimits, ...options.limits };
  const expected: Expected = { acknowledged: [], poison: new Set(), faults: 0, ...options };
  const atRest = await settle(stack, limits.settleWithinMs);
  // The order service comes first: of an order that has ended there, every other service knows the end.
  const opened: Snapshot[] = [];
  for (const service of serviceNames) opened.push(await Snapshot.open(stack.databaseUrls[service]));
  const databases = Object.fromEntries(
    serviceNames.map((service, index) => [service, opened[index]!]),
  ) as Record<ServiceName, Snapshot>;
  let topics: TopicLog | undefined;
  try {
    topics = await TopicLog.read(stack.brokers, stack.topicPrefix ?? '');
    const journals = await readJournals(stack.directory);
    const judged = { databases, topics, limits, expected };
    return await decide(judged, dossiers({ ...judged, journals, atRest }));
  } finally {
    await Promise.all(opened.map(snapshot => snapshot.close()));
    topics?.close();
  }
}

async function decide(judged: Judged, orders: AsyncIterable<Dossier>): Promise<Judgement> {
  const notes = new Map<Rule, Notes>(rules.map(rule => [rule, new Notes()]));
  const found = { completed: 0, cancelled: 0, undone: 0, faults: judged.expected.faults };
  const met = new Set<Protocol>();
  for await (const dossier of orders) {
    const protocol = protocolOf(dossier);
    met.add(protocol);
    for (const [rule, own] of notes) {
      if (rule.of?.includes(protocol) === false) continue;
      if (dossier.progress === 'ended' || rule.seesUnended) rule.order?.(dossier, own);
    }
    if (dossier.order?.status === 'COMPLETED') found.completed++;
    if (dossier.order?.status === 'CANCELLED') found.cancelled++;
    found.undone += undoneSteps(dossier);
  }
  for (const [rule, own] of notes) await rule.whole?.(judged, own);
  // What is about protocols under which nobody has ordered says nothing, neither way.
  const invariants = [...notes]
    .filter(([{ of }, { violated }]) => violated > 0 || of?.some(protocol => met.has(protocol)) !== false)
    .map(([rule, own]) => concluded(rule, own, found, judged.limits));
  return { verdict: verdictOf(invariants), limits: judged.limits, invariants };
}

function concluded(rule: Rule, notes: Notes, found: Evidence, limits: Limits): JudgedInvariant {
  const { name } = rule;
  const { violations, violated } = notes;
  if (violated > 0)
    return { name, verdict: 'violated', evidence: { ...notes.counts, violations: violated }, violations };
  const missing = lacking(rule.needs, found, limits);
  return missing === null
    ? { name, verdict: 'holds', evidence: notes.counts, violations }
    : { name, verdict: 'unknown', evidence: notes.counts, violations, lacking: missing };
}

function verdictOf(invariants: readonly JudgedInvariant[]): Judgement['verdict'] {
  if (invariants.some(({ verdict }) => verdict === 'violated')) return 'invalid';
  return invariants.some(({ verdict }) => verdict === 'unknown') ? 'unknown' : 'valid';
}
