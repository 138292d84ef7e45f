/**
 * How a deadline travels: as an instant in RFC 3339, in UTC, like the `deadline` of a message. An instant and not a
 * duration: what a message waits for in between is part of the time. The clocks of the machines have to agree to
 * much less than the shortest time limit.
 */
export const deadlineHeader = 'deadline';

/** @param deadline of a `CallContext`; null for none. @returns headers for the call that is made */
export function deadlineHeaders(deadline: Date | null): Record<string, string> {
  // Years have four digits in RFC 3339: what is later, or no time at all, can not be said.
  if (deadline === null || !(deadline.getTime() < year10000)) return {};
  return { [deadlineHeader]: deadline.toISOString() };
}

const year10000 = Date.UTC(10_000, 0, 1);

/**
 * Reads a deadline that came with a request or a message.
 * @param text a header's value; of several the earliest counts
 * @returns undefined when there is none, or nothing that makes sense: a sender's slip must not stop its calls
 */
export function deadlineOf(text: string | readonly string[] | undefined): Date | undefined {
  const times = [text ?? []]
    .flat()
    .filter(value => rfc3339.test(value))
    .map(value => Date.parse(value))
    .filter(time => !Number.isNaN(time));
  return times.length === 0 ? undefined : new Date(Math.min(...times));
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;
