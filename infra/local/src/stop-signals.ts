/**
 * Aborts on the first signal that asks us to stop: Ctrl-C, `kill`, a closed terminal, or the end of whoever started us.
 * Those that follow change nothing: Ctrl-C in a terminal comes twice, by way of the terminal and of our starter. An
 * error that nobody caught aborts, too: what was started is not to be left running.
 */
export function stopSignals(): AbortSignal {
  const controller = new AbortController();
  const stop = () => controller.abort(new StoppedBySignal());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  process.on('uncaughtException', error => controller.abort(error));
  // Whoever read our output may be gone: nothing to say is no reason not to stop in order.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  if (process.connected) {
    process.on('disconnect', stop);
    // The channel is there to notice its end only.
    process.channel?.unref();
  }
  return controller.signal;
}

export class StoppedBySignal extends Error {
  constructor() {
    super('stopped by a signal');
    this.name = 'StoppedBySignal';
  }
}
