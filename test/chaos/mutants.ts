import { commandArguments } from '@ballast/local/arguments';
import { writeResult } from '../command/result.js';
import type { Judgement } from '../invariants/judge.js';
import { reportOf } from '../invariants/report.js';
import { control } from './mutant-list.js';
import { mutantsArguments, usage } from './mutants-arguments.js';
import { judgedRun } from './judged-run.js';

interface Result {
  readonly name: string;
  /** The invariant that the mutant names, if it was violated. */
  readonly caughtBy: string | null;
  /** All that were. */
  readonly violated: readonly string[];
}

const { withControl, chosen, json } = commandArguments(usage, mutantsArguments);
let failed = false;

let controlVerdict: Judgement['verdict'] | null = null;
if (withControl) {
  const { judgement, problems } = await judgedRun({
    replicas: 2,
    patches: [],
    faults: control,
    patienceMs: 90_000,
  });
  controlVerdict = judgement.verdict;
  failed ||= controlVerdict !== 'valid' || problems.length > 0;
  const lines = ['control: the product as it is, under all faults', reportOf(judgement), ...problems];
  process.stdout.write(`${lines.join('\n')}\n\n`);
}
const results: Result[] = [];
for (const { name, patches, fault, caughtBy, replicas = 1 } of chosen) {
  const { judgement } = await judgedRun({ replicas, patches, faults: [fault], patienceMs: 30_000 });
  const violated = judgement.invariants.filter(({ verdict }) => verdict === 'violated');
  const catcher = violated.find(invariant => invariant.name === caughtBy);
  failed ||= catcher === undefined;
  results.push({
    name,
    caughtBy: catcher?.name ?? null,
    violated: violated.map(invariant => invariant.name),
  });
  const first = catcher?.violations[0];
  process.stdout.write(
    [
      `${catcher === undefined ? '✘ NOT CAUGHT' : '✔ caught'}: ${name}`,
      `    by: ${catcher?.name ?? `nothing; wanted: ${caughtBy}`}`,
      ...(first === undefined
        ? []
        : [`    ${catcher!.evidence['violations']} violations, as of ${first.orderId}: ${first.what}`]),
      ...violated.filter(other => other !== catcher).map(other => `    also: ${other.name}`),
      '',
    ].join('\n'),
  );
}
if (results.length > 0) process.stdout.write(`${tableOf(results)}\n`);
writeResult(json, { control: controlVerdict, mutants: results });
process.exit(failed ? 1 : 0);

function tableOf(lines: readonly Result[]): string {
  const width = Math.max(...lines.map(({ name }) => name.length));
  const rows = lines.map(({ name, caughtBy }) => `${name.padEnd(width)} | ${caughtBy ?? '✘ nothing'}`);
  const caught = lines.filter(({ caughtBy }) => caughtBy !== null).length;
  return [
    `${'mutant'.padEnd(width)} | caught by`,
    `${'-'.repeat(width)}-|-${'-'.repeat(40)}`,
    ...rows,
    `${caught} of ${lines.length} mutants caught`,
  ].join('\n');
}
