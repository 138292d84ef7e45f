import type { PartitionAssigner } from 'kafkajs';
import { AssignerProtocol } from '../kafka/kafkajs.js';

/** What the group's leader knows of each member: the lanes that it holds now. */
export interface MemberLanes {
  readonly memberId: string;
  readonly lanes: readonly number[];
}

/**
 * An assigner that gives number p of every topic to the same member, so that one process owns a whole lane.
 * kafkajs's round robin deals topic x partition pairs and splits numbers between members.
 * Partitions that were added to a topic are nobody's: a lane has them in all topics, or does not exist.
 * @param lanesHeld the lanes that this process holds now: they travel as `userData`, so that a rebalance moves few
 */
export function laneAssigner(lanesHeld: () => readonly number[], laneCount: number): PartitionAssigner {
  return ({ cluster }) => ({
    name: 'ballast-lanes',
    version: 1,

    protocol({ topics }) {
      return {
        name: 'ballast-lanes',
        metadata: AssignerProtocol.MemberMetadata.encode({
          version: 1,
          topics,
          userData: Buffer.from(JSON.stringify(lanesHeld())),
        }),
      };
    },

    async assign({ members, topics }) {
      const lanes = new Set(
        topics.flatMap(topic =>
          cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId),
        ),
      );
      const dealt = dealLanes(
        [...lanes].filter(lane => lane < laneCount),
        members.map(({ memberId, memberMetadata }) => ({ memberId, lanes: heldBy(memberMetadata) })),
      );
      return [...dealt].map(([memberId, numbers]) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: 1,
          assignment: Object.fromEntries(topics.map(topic => [topic, numbers])),
          userData: Buffer.alloc(0),
        }),
      }));
    },
  });
}

/**
 * Deals lanes out evenly (counts differ by one at most); each member keeps what it holds as far as its share allows.
 * The same members and lanes always give the same answer, whatever their order.
 */
export function dealLanes(lanes: readonly number[], members: readonly MemberLanes[]): Map<string, number[]> {
  const free = new Set([...lanes].sort((a, b) => a - b));
  // Those who hold most come first: they get the larger shares, so fewer lanes move.
  const ordered = [...members].sort(
    (a, b) => b.lanes.length - a.lanes.length || (a.memberId < b.memberId ? -1 : 1),
  );
  const share = (index: number) =>
    Math.floor(free0 / ordered.length) + (index < free0 % ordered.length ? 1 : 0);
  const free0 = free.size;

  const dealt = new Map<string, number[]>();
  ordered.forEach((member, index) => {
    const kept = member.lanes.filter(lane => free.has(lane)).slice(0, share(index));
    for (const lane of kept) free.delete(lane);
    dealt.set(member.memberId, kept);
  });
  ordered.forEach((member, index) => {
    const own = dealt.get(member.memberId)!;
    for (const lane of free) {
      if (own.length >= share(index)) break;
      own.push(lane);
      free.delete(lane);
    }
    own.sort((a, b) => a - b);
  });
  return dealt;
}

function heldBy(memberMetadata: Buffer): number[] {
  try {
    const { userData } = AssignerProtocol.MemberMetadata.decode(memberMetadata) ?? {};
    const held: unknown = JSON.parse(userData?.toString('utf8') ?? '[]');
    return Array.isArray(held) ? held.filter(Number.isInteger) : [];
  } catch {
    return []; // a member of another version: it holds nothing that we know of
  }
}
