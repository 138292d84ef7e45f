import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PidRecord } from './orphans.js';

export interface ProgramOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** The system user to run it as; our own when absent. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Where its output is appended. */
  readonly logFile: string;
  /** Where its pid is kept, so that a later start can end it when we could not. */
  readonly pidFile: string;
  /** A part of its command line that no other program has. */
  readonly marker: string;
  /** The signal that ends it in good order, and how long it is given before it is killed. */
  readonly stopSignal: NodeJS.Signals;
  readonly stopDeadlineMs: number;
  /** Called as soon as it runs, long before it is ready. */
  readonly launched?: ((program: Program) => void) | undefined;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that runs beside us, in a process group of its own: Ctrl-C reaches us alone, and we stop it in its turn. */
export class Program {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Settles when it has ended, for whatever reason; never rejects. */
  readonly exited: Promise<Exit>;
  #exit: Exit | undefined;
  readonly #options: ProgramOptions;
  /** Where its own output begins in the log, after that of earlier ones. */
  readonly #logStart: number;

  private constructor(options: ProgramOptions, child: ChildProcess & { pid: number }, logStart: number) {
    this.name = options.name;
    this.pid = child.pid;
    this.logFile = options.logFile;
    this.#options = options;
    this.#logStart = logStart;
    this.exited = new Promise(resolve => {
      child.once('exit', (code, signal) => {
        this.#exit = { code, signal };
        rmSync(options.pidFile, { force: true });
        resolve(this.#exit);
      });
    });
  }

  /** Starts it; rejects when the command cannot be run at all. */
  static async start(options: ProgramOptions): Promise<Program> {
    mkdirSync(dirname(options.logFile), { recursive: true });
    mkdirSync(dirname(options.pidFile), { recursive: true });
    const log = openSync(options.logFile, 'a');
    const { size: logStart } = fstatSync(log);
    try {
      const child = spawn(options.command, options.args, {
        env: options.env,
        cwd: options.cwd,
        ...(options.user && { uid: options.user.uid, gid: options.user.gid }),
        stdio: ['ignore', log, log],
        detached: true,
      });
      if (child.pid === undefined) {
        const cause = await new Promise<Error>(resolve => child.once('error', resolve));
        throw new Error(`could not start ${options.name}: ${cause.message}`, { cause });
      }
      const { name, marker, stopSignal } = options;
      writeFileSync(
        options.pidFile,
        JSON.stringify({ pid: child.pid, name, marker, stopSignal } satisfies PidRecord),
      );
      const program = new Program(options, child as ChildProcess & { pid: number }, logStart);
      options.launched?.(program);
      return program;
    } finally {
      closeSync(log);
    }
  }

  get running(): boolean {
    return this.#exit === undefined;
  }

  /** Sends a signal; false when it has ended already. */
  kill(signal: NodeJS.Signals): boolean {
    if (!this.running) return false;
    try {
      return process.kill(this.pid, signal);
    } catch {
      return false;
    }
  }

  /** Asks it to end, and kills it when it has not done so by its deadline. */
  async stop(): Promise<Exit> {
    this.kill(this.#options.stopSignal);
    // A stopped process does not even see the signal.
    this.kill('SIGCONT');
    const deadline = setTimeout(() => this.kill('SIGKILL'), this.#options.stopDeadlineMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(deadline);
    }
  }

  /**
   * Polls until `ready` says so. Rejects, with the end of its log, when the program ends before, or when the time is up.
   */
  async waitUntil(
    ready: () => Promise<boolean>,
    { deadlineMs, intervalMs = 25 }: { deadlineMs: number; intervalMs?: number },
  ): Promise<void> {
    const deadline = performance.now() + deadlineMs;
    for (;;) {
      if (!this.running) {
        throw new Error(
          `${this.name} ended while it was starting (${describe(await this.exited)}).\n${this.logTail()}`,
        );
      }
      if (await ready()) return;
      if (performance.now() > deadline) {
        throw new Error(`${this.name} was not ready after ${deadlineMs / 1_000} s.\n${this.logTail()}`);
      }
      await Promise.race([sleep(intervalMs), this.exited]);
    }
  }

  /** What was written to its log since it started. */
  output(): string {
    return readFileSync(this.logFile).subarray(this.#logStart).toString();
  }

  /** The last lines of its log, for people. */
  logTail(lines = 20): string {
    const tail = readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines);
    return [`The end of ${this.logFile}:`, ...tail.map(line => `  ${line}`)].join('\n');
  }
}

/** Whether something listens on a port of this machine. */
export function listens(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

const describe = ({ code, signal }: Exit): string => (signal ? `signal ${signal}` : `exit code ${code}`);
