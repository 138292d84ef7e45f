import type { Effect, Event, Progress } from '@ballast/choreography';

/** One thing that happened to a watched order. Short: the whole of it is stored with the order at each event. */
export interface Happened {
  /** Milliseconds since 1970, for people only. */
  readonly at: number;
  readonly what: 'heard' | 'announced' | 'answered' | 'parked' | 'operator';
  /** The event's or the command's type; the id of an operator's action. */
  readonly of: string;
  /** A code, or why it is parked. */
  readonly why?: string;
}

/** What is worth telling of one event and what followed. */
export function happenedOf(
  event: Event,
  before: Progress,
  after: Progress,
  effects: readonly Effect[],
): Told[] {
  return [...eventOf(event, before, after), ...effects.flatMap(effectOf)];
}

type Told = Omit<Happened, 'at'>;

function eventOf(event: Event, before: Progress, after: Progress): Told[] {
  if (event.kind === 'heard' && after.facts !== before.facts) {
    return [{ what: 'heard', of: event.event, ...reasonOf(event.data) }];
  }
  if (event.kind === 'performed') {
    const { answer } = event;
    const why = 'code' in answer ? answer.code : answer.outcome;
    return [{ what: 'answered', of: event.command, why }];
  }
  return [];
}

function effectOf(effect: Effect): Told[] {
  switch (effect.kind) {
    case 'emit':
      return [{ what: 'announced', of: effect.event.type, ...reasonOf(effect.data) }];
    case 'parked':
      return [{ what: 'parked', of: '', why: effect.reason }];
    default:
      return [];
  }
}

/** Of a failure's data. */
function reasonOf(data: unknown): { why?: string } {
  const { reason } = (data ?? {}) as { reason?: unknown };
  return typeof reason === 'string' ? { why: reason } : {};
}
