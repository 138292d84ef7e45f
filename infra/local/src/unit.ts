import type { Program } from './program.js';

/** One process of a stack, which can be killed and started again in its place: same port, same data. */
export class Unit {
  #program: Program | undefined;

  constructor(
    readonly name: string,
    /** Resolves when it is ready; calls `launched` as soon as it runs. */
    private readonly launch: (launched: (program: Program) => void) => Promise<unknown>,
  ) {}

  /** Resolves when it is ready. */
  async start(): Promise<void> {
    if (this.running) throw new Error(`${this.name} is running already`);
    await this.launch(program => (this.#program = program));
  }

  get running(): boolean {
    return this.#program?.running ?? false;
  }

  /** The process; undefined before the first start. */
  get program(): Program | undefined {
    return this.#program;
  }

  /** Sends a signal. After SIGKILL, resolves when it has ended; after others at once. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const program = this.#program;
    if (program === undefined || !program.kill(signal)) throw new Error(`${this.name} is not running`);
    if (signal === 'SIGKILL') await program.exited;
  }

  /** Ends it in good order, with force when it does not. Nothing to do when it has ended. */
  async stop(): Promise<void> {
    if (this.running) await this.#program?.stop();
  }
}
