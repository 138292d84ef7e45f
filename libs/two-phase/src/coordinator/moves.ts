import { retryDelayMs } from '../definition/patience.js';
import type { Draft } from './draft.js';
import type { Operation } from './event.js';
import { isOpen } from './instance.js';

/** The decision that everything is done. From here on there is no way back. */
export function commit(draft: Draft): void {
  draft.decide('commit', '');
  for (const { name } of draft.definition.branches) sendFirst(draft, name, 'commit');
}

/** The decision that nothing is done. Whoever has not voted yet may have prepared, or do so yet: he is told too. */
export function abort(draft: Draft, reason: string): void {
  draft.decide('abort', reason);
  for (const { name, prepare } of [...draft.branches]) {
    if (prepare.is === 'no') continue;
    if (isOpen(prepare)) draft.set(name, 'prepare', { is: 'unknown', attempts: prepare.attempts });
    sendFirst(draft, name, 'abort');
  }
}

/** The first attempt. */
export function sendFirst(draft: Draft, part: string, operation: Operation): void {
  draft.set(part, operation, {
    is: 'sent',
    attempts: 1,
    dueAt: draft.now + draft.definition.patience.timeoutMs,
  });
  draft.send(part, operation, 1);
}

/** The next attempt of what has no definite answer. */
export function sendAgain(draft: Draft, part: string, operation: Operation): void {
  const attempts = (draft.ask(part, operation)?.attempts ?? 0) + 1;
  draft.set(part, operation, {
    is: 'sent',
    attempts,
    dueAt: draft.now + draft.definition.patience.timeoutMs,
  });
  draft.send(part, operation, attempts);
}

/** The newest attempt has failed: another later, or none any more. */
export function fail(draft: Draft, part: string, operation: Operation, reason: string): void {
  const { patience } = draft.definition;
  const attempts = draft.ask(part, operation)?.attempts ?? 0;
  if (operation === 'prepare' && attempts >= patience.attemptsMax) {
    abort(draft, reason);
  } else if (operation !== 'prepare' && attempts % patience.parkAfterAttempts === 0) {
    draft.set(part, operation, { is: 'stuck', attempts, reason });
    draft.effects.push({ kind: 'parked', part, operation, reason });
  } else {
    const dueAt = draft.now + retryDelayMs(patience, attempts);
    draft.set(part, operation, { is: 'waiting', attempts, dueAt });
  }
}
