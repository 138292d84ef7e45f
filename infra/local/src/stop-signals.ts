/**
 * Aborts on the first signal that asks us to stop: Ctrl-C, `kill`, a closed terminal, or the end of whoever started us.
 * Those that follow change nothing: Ctrl-C in a terminal comes twice, by way of the terminal and of our starter.
 */
export function stopSignals(): AbortSignal {
  const controller = new AbortController();
  const stop = () => controller.abort(new StoppedBySignal());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
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
