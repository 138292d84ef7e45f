/** What the controllers use of Fastify's reply. */
export interface Reply {
  header(name: string, value: string): unknown;
  status(code: number): unknown;
  /** Node's response; it closes when the answer was sent, or when the client went away before. */
  readonly raw: {
    once(event: 'close', listener: () => void): unknown;
    off(event: 'close', listener: () => void): unknown;
  };
}

/** Headers as Node gives them: names in lower case. */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Answers are written as JSON text (order-json.ts), which Fastify passes on as it is when the type is set. */
export const json = ['content-type', 'application/json; charset=utf-8'] as const;
