import type { MessageEvent } from '@nestjs/common';
import { Observable, Subject, takeUntil } from 'rxjs';
import type { Dependency } from './dependency.js';

/** What is told at once; what becomes of single calls is in the counts. */
const told: ReadonlySet<string> = new Set(['breaker', 'limit']);

/** Streams of what happens to dependencies; all of them end with the process. */
export class EventStreams {
  readonly #ended = new Subject<void>();

  constructor(private readonly stateEveryMs = 1_000) {}

  /** The dependency's view at once and every second, and each change of its breaker or its limit as it happens. */
  of(dependency: Dependency): Observable<MessageEvent> {
    return new Observable<MessageEvent>(subscriber => {
      const tellState = () => subscriber.next({ type: 'state', data: dependency.view() });
      tellState();
      const timer = setInterval(tellState, this.stateEveryMs);
      subscriber.add(() => clearInterval(timer));
      subscriber.add(
        dependency.pipeline.subscribe(event => {
          if (told.has(event.kind)) subscriber.next({ type: event.kind, data: event });
        }),
      );
    }).pipe(takeUntil(this.#ended));
  }

  /** Before HTTP is closed: closing waits for every request in flight. */
  onModuleDestroy(): void {
    this.#ended.next();
  }
}
