import type { Effect } from './flow.js';

/** A line for the log, about something that is committed. */
export interface Note {
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What people want to hear of: alarms, parked sagas and what operators do, not each step. */
export function noteOf(orderId: string, effect: Effect): Note | null {
  switch (effect.kind) {
    case 'alarm': {
      const { alarm, step, detail } = effect;
      return { level: 'error', text: texts[alarm], fields: { alarm: true, orderId, step, detail } };
    }
    case 'parked': {
      const { step, operation, reason } = effect;
      const text = 'a saga is parked: a step that must not be given up keeps failing';
      return { level: 'error', text, fields: { orderId, step, operation, reason } };
    }
    case 'ruled': {
      const { id, action, refusal } = effect;
      const text = refusal === null ? "an operator's action was done" : "an operator's action was refused";
      return { level: 'info', text, fields: { orderId, action, id, ...(refusal !== null && { refusal }) } };
    }
    default:
      return null;
  }
}

const texts = {
  CONTRADICTING_ANSWERS:
    'a participant gave two different definite answers to one step; the first one counts',
  ANSWER_TO_NOTHING: 'a participant answered something that was never asked',
};
