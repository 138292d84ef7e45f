import { answerType, ownerOf } from '@ballast/contracts';
import { placeOrder } from '@ballast/place-order';
import type { Definition, Operation, Step } from '@ballast/saga';

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
