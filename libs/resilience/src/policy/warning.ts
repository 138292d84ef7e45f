/**
 * What goes wrong in something that was given to us, as a listener or a classification, is a warning of the process:
 * it must not fail a call.
 */
export function warn(what: string, thrown: unknown): void {
  process.emitWarning(`${what}: ${reasonOf(thrown)}`);
}

/** Anything can be thrown, even what can not be read. */
function reasonOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } catch {
    return 'it can not be read why';
  }
}
