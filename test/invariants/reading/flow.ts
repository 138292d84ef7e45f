import { answerType, ownerOf } from '@ballast/contracts';
import { placeOrder, placeOrderChoreographed, placeOrderTcc, placeOrderTwoPhase } from '@ballast/place-order';
import type { Definition, Operation, Step } from '@ballast/saga';
import type { Definition as CoordinatedDefinition } from '@ballast/two-phase';

/** What a command is in the flow of an order. */
export interface Role {
  readonly step: Step;
  readonly side: Operation;
  /** The type of the do: the barrier's name, for the undo too. */
  readonly barrier: string;
  readonly service: string;
}

/** The declared flow, which the messages are held against. */
export const flow: Definition = placeOrder as unknown as Definition;

/** The same flow under the protocols that decide once, for every branch. */
export const flows: Readonly<Record<'tcc' | 'two-phase', CoordinatedDefinition>> = {
  tcc: placeOrderTcc as unknown as CoordinatedDefinition,
  'two-phase': placeOrderTwoPhase as unknown as CoordinatedDefinition,
};

export const choreography = placeOrderChoreographed;

/** By the type of the command. */
export const roles: ReadonlyMap<string, Role> = new Map(
  flow.steps.flatMap((step): [string, Role][] => {
    const common = { step, barrier: step.do.type, service: ownerOf(step.do) };
    const does: [string, Role] = [step.do.type, { ...common, side: 'do' }];
    return step.kind === 'undoable' ? [does, [step.undo.type, { ...common, side: 'undo' }]] : [does];
  }),
);

/** What a compensated saga tells the order service. */
export const noticeType = flow.whenCompensated!.tell.type;

export const answerTo = (type: string): string => answerType({ type });
