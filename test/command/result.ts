import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

/** What figures were measured on. */
export const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'cpu'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}, Node ${process.version}`;

/** Writes what a command has found as JSON, if a file was asked for. */
export function writeResult(file: string | null, result: unknown): void {
  if (file !== null) writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
}
