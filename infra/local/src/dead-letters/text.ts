import type { DeadLetterAction, DeadLetterSummary, DeadLetterView, ServiceName } from '@ballast/contracts';
import Table from 'cli-table3';
import type { LetterName } from './arguments.js';

/** A line for each letter. */
export function listText(
  letters: readonly (DeadLetterSummary & { readonly service: ServiceName })[],
): string {
  if (letters.length === 0) return 'There are none.';
  const table = new Table({
    head: ['Letter', 'Status', 'Age', 'Message', 'Order', 'Error'],
    style: { head: [], border: [] },
    colWidths: [18, 11, 7, 24, 38, 44],
    wordWrap: true,
    wrapOnWordBoundary: false,
  });
  for (const letter of letters) {
    const { service, id, status, deadAt, type, topic, orderId, error } = letter;
    table.push([`${service}/${id}`, status, age(deadAt), type ?? topic, orderId ?? '-', error]);
  }
  return table.toString();
}

/** All that is known of a letter. */
export function showText({ service, id }: LetterName, letter: DeadLetterView): string {
  const place = letter.offset === null ? letter.topic : `${letter.topic}, offset ${letter.offset}`;
  const lines: [string, string | null][] = [
    ['letter', `${service}/${id}, ${letter.status}`],
    ['dead since', `${letter.deadAt} (${age(letter.deadAt)})`],
    ['came from', `${place}, partition ${letter.partition}`],
    ['message', letter.type && `${letter.type} ${letter.messageId}`],
    ['order', letter.orderId],
    ['waiting', letter.orderId && `${letter.waitingBehind} later messages of the order`],
    ['replay of', letter.replayOf === null ? null : `${service}/${letter.replayOf}`],
    ['settled', letter.action && actionText(letter.action)],
    ['not replayable', letter.replayRefused],
    ['needs --force', letter.forceNeeded],
    ['key', letter.key && letter.key.data],
    ...Object.entries(letter.headers).map(([name, { data }]): [string, string] => [`header ${name}`, data]),
    [
      'value',
      letter.message === null ? (letter.value?.data ?? null) : JSON.stringify(letter.message, null, 2),
    ],
    ['error', letter.stack ?? letter.error],
  ];
  return lines
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name.padEnd(15)} ${value!.replaceAll('\n', `\n${' '.repeat(16)}`)}`)
    .join('\n');
}

/** What became of a request. */
export function settledText({ service, id }: LetterName, { status, action }: DeadLetterView): string {
  if (status === 'open')
    return `${service}/${id}: written down; no process owns its lane now, the next one that does will do it`;
  return `${service}/${id}: ${status}${action === null ? '' : `, as ${action.operator} wanted it`}`;
}

const actionText = ({ action, operator, reason, forced, requestedAt, doneAt }: DeadLetterAction): string =>
  `${action}${forced ? ' by force' : ''} by ${operator} at ${requestedAt}: ${reason} (${doneAt === null ? 'not done yet' : 'done'})`;

function age(at: string): string {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(at)) / 1_000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
}
