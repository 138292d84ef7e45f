import type { Choreography } from '@ballast/choreography';
import { inputTopics, type OutsideCall, type ServiceName } from '@ballast/contracts';
import type { Logger } from '@ballast/platform';
import type { HoldPatience } from '@ballast/two-phase';
import { Branches } from '../branches/branches.js';
import type { BranchConfiguration } from '../branches/settings.js';
import type { Preparable } from '../branches/work.js';
import { HoldHandler } from '../holds/hold-handler.js';
import type { ConsumerConfiguration } from '../kafka/settings.js';
import { LaneServer } from '../lanes/lane-server.js';
import type { WorkSink } from '../lanes/work.js';
import type { News } from '../reactions/reacting.js';
import { type ReactionConfiguration, Reactions, tellTo } from '../reactions/reactions.js';
import { alarmTo } from './alarm.js';
import type { Participant } from './definition.js';
import { ParticipantHandler } from './handler.js';
import { OutsideCallWorker, type OutsideCallWorkerOptions } from './outside-calls.js';

export interface ParticipantLanesOptions<Own, Shared, Entry, Call extends OutsideCall> {
  readonly service: ServiceName;
  readonly participant: Participant<Own, Shared, Entry, Call>;
  /** The flow in which it reacts to events. */
  readonly choreographed: Choreography;
  /** Every version of the flow that it may still be asked to prepare for, the usual one first. */
  readonly twoPhase: readonly [Preparable, ...Preparable[]];
  /** How long what a coordinator had tried is kept before it is asked; left out by who is never asked to try. */
  readonly holds?: HoldPatience;
  /** How calls to outside are made; needed when an operation of the participant has an `answered`. */
  readonly outsideCalls?: Omit<OutsideCallWorkerOptions, 'sink' | 'logger'>;
  /** Told of what becomes of choreographed orders, after the commit, besides the log. */
  readonly tell?: (news: News) => void;
  readonly configuration: ConsumerConfiguration & BranchConfiguration & ReactionConfiguration;
  readonly logger: Logger;
}

export interface ParticipantLanes {
  readonly lanes: LaneServer;
  readonly branches: Branches;
}

/**
 * A participant under every protocol, on the lanes of its service: commands of sagas, events, tries and branches. The lanes
 * hand calls and branches to their workers, who hand the answers to the lanes: here the circle is closed. Nothing is
 * connected before the lanes listen. Throws for a participant that cannot work.
 */
export function participantLanes<Own, Shared, Entry, Call extends OutsideCall>(
  options: ParticipantLanesOptions<Own, Shared, Entry, Call> &
    Required<Pick<ParticipantLanesOptions<Own, Shared, Entry, Call>, 'outsideCalls'>>,
): ParticipantLanes & { readonly calls: OutsideCallWorker };
export function participantLanes<Own, Shared, Entry, Call extends OutsideCall>(
  options: ParticipantLanesOptions<Own, Shared, Entry, Call>,
): ParticipantLanes;
export function participantLanes<Own, Shared, Entry, Call extends OutsideCall>({
  service,
  participant,
  choreographed,
  twoPhase,
  holds,
  outsideCalls,
  tell,
  configuration,
  logger,
}: ParticipantLanesOptions<Own, Shared, Entry, Call>): ParticipantLanes & { calls?: OutsideCallWorker } {
  const sink: WorkSink = { submit: work => lanes.submit(work) };
  const calls = outsideCalls && new OutsideCallWorker({ ...outsideCalls, sink, logger });
  const log = tellTo(logger);
  const handler = new ParticipantHandler(participant, {
    ...(calls && { outsideCalls: calls }),
    alarm: alarmTo(logger),
    reactions: new Reactions(choreographed, participant.name, configuration, news => {
      log(news);
      tell?.(news);
    }),
  });
  const branches = Branches.of({
    participant,
    definitions: twoPhase,
    others: holds ? new HoldHandler(handler, participant, holds) : handler,
    sink,
    configuration,
    logger,
  });
  const lanes: LaneServer = LaneServer.from(
    configuration,
    { service, topics: inputTopics[service] },
    branches.handler,
    logger,
  );
  return { lanes, branches, ...(calls && { calls }) };
}
