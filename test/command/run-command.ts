import { stopSignals } from '@ballast/local';

/**
 * Runs a command's work and ends with the exit code that it resolves with. A signal, or an error that nobody caught,
 * aborts what is given to the work, so that it can stop what it has started; an error is printed, with exit code 1.
 */
export async function runCommand(work: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const signal = stopSignals();
  try {
    process.exitCode = await work(signal);
  } catch (error) {
    const cause = signal.aborted ? (signal.reason as Error) : (error as Error);
    process.stderr.write(
      `\n${cause.name === 'StoppedBySignal' ? cause.message : (cause.stack ?? String(cause))}\n`,
    );
    process.exitCode = 1;
  }
}
