import { readFileSync } from 'node:fs';
import type { Definition as Saga } from '@ballast/saga';
import type { Definition as Coordinated } from '@ballast/two-phase';
import { expect, test } from 'vitest';
import { placeOrder, placeOrderChoreographed, placeOrderTcc, placeOrderTwoPhase } from './index.js';
import {
  sequenceOfChoreography,
  sequenceOfCoordinator,
  sequenceOfSaga,
} from './sequence-diagrams.fixture.js';

const document = readFileSync(new URL('../../../docs/protocols.md', import.meta.url), 'utf8');

test.each([
  ['orchestrated', sequenceOfSaga(placeOrder as unknown as Saga)],
  ['choreographed', sequenceOfChoreography(placeOrderChoreographed)],
  ['tcc', sequenceOfCoordinator(placeOrderTcc as unknown as Coordinated)],
  ['two-phase', sequenceOfCoordinator(placeOrderTwoPhase as unknown as Coordinated)],
])('the diagram of %s in docs/protocols.md is the one that is generated', (_, diagram) => {
  expect(document).toContain(`\`\`\`mermaid\n${diagram}\n\`\`\``);
});
