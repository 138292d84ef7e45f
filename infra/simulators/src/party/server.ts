import { JournalQuery, Programme } from '@ballast/contracts';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Journal } from './journal.js';
import type { Operation, Party } from './party.js';
import { Rules, type Fate } from './programme.js';
import { Traffic } from './traffic.js';

/** The party over HTTP: its operations, `PUT` and `GET /programme`, `GET /journal`, `GET /calls`, `GET /health/ready`. */
export function serve(party: Party, journal: Journal, rules = new Rules()): FastifyInstance {
  // Callers keep their connections longer than we wait between two calls: it is not us who close them.
  const server = fastify({ keepAliveTimeout: 65_000, forceCloseConnections: true });
  acceptEmptyBodies(server);
  server.setErrorHandler(answerError);
  server.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ code: 'NOT_FOUND', detail: `${request.method} ${request.url}` }),
  );
  for (const entry of journal.entries) party.remember(entry);
  const inFlight = new Set<string>();
  const traffic = new Traffic();
  for (const operation of party.operations) {
    server.post(operation.path, (request, reply) =>
      answer({ party, journal, rules, inFlight, traffic }, operation, request, reply),
    );
  }
  server.put('/programme', request => {
    const programme = Programme.parse(request.body);
    rules.replace(programme);
    traffic.limit(programme.workers);
    return rules.left();
  });
  server.get('/programme', () => rules.left());
  server.get('/journal', request => {
    const { after, limit } = JournalQuery.parse(request.query);
    return journal.page(after, limit);
  });
  server.get('/calls', () => traffic.counts);
  // As the services answer: which process it is, too.
  const health = { status: 'ok', details: { process: { status: 'up', pid: process.pid } } };
  for (const path of ['/health/live', '/health/ready']) server.get(path, () => health);
  return server;
}

/** A void has nothing to say, whatever the type of its body. */
function acceptEmptyBodies(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body as string, done);
  });
}

interface State {
  readonly party: Party;
  readonly journal: Journal;
  readonly rules: Rules;
  readonly inFlight: Set<string>;
  readonly traffic: Traffic;
}

async function answer(state: State, operation: Operation, request: FastifyRequest, reply: FastifyReply) {
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) {
    return reply
      .code(400)
      .send({ code: 'IDEMPOTENCY_KEY_INVALID', detail: '1 to 255 printable characters, once' });
  }
  const call = operation.read(request.params as Record<string, string>, request.body);
  const turn = state.traffic.enter(operation.name);
  if (turn !== undefined) await turn;
  const outcome = await handled(state, operation, key, call).finally(() => state.traffic.leave());
  if (outcome !== 'no answer') return reply.code(outcome.status).send(outcome.body);
  reply.hijack();
  request.raw.socket.destroy();
}

async function handled(
  state: State,
  operation: Operation,
  key: string,
  call: ReturnType<Operation['read']>,
): Promise<{ readonly status: number; readonly body: object } | 'no answer'> {
  if (state.inFlight.has(key)) {
    state.journal.called(key);
    const detail = 'the first call is not answered yet';
    return { status: 409, body: { code: 'IDEMPOTENCY_KEY_IN_FLIGHT', detail } };
  }
  const fate = state.rules.fateOf(operation.name, call.facts);
  if (fate.delayMs > 0) {
    state.inFlight.add(key);
    // Whoever asked may be gone by then: the work is done all the same.
    await sleep(fate.delayMs);
    state.inFlight.delete(key);
  }
  const outcome = work(state, operation, key, call, fate);
  await state.journal.written();
  return fate.answer === 'unknown' ? 'no answer' : outcome;
}

/** Does it, once, unless it was done before or the party is out of order. Synchronous: calls cannot overtake it. */
function work(
  { party, journal }: State,
  operation: Operation,
  key: string,
  call: ReturnType<Operation['read']>,
  fate: Fate,
): { status: number; body: object } {
  const fingerprint = hash('sha256', `${operation.name} ${call.fingerprint}`, 'base64url');
  const kept = journal.find(key);
  if (kept === undefined && fate.answer !== 'error') {
    const verdict = call.decide(fate.answer === 'decline');
    if (verdict.definite) {
      const { status, body, outcome, id, about, amountCents } = verdict;
      party.remember(
        journal.record({
          key,
          operation: operation.name,
          outcome,
          id,
          about,
          amountCents,
          status,
          body,
          fingerprint,
        }),
      );
    } else {
      journal.called(key);
    }
    return verdict;
  }
  journal.called(key);
  if (fate.answer === 'error' || kept === undefined) {
    return { status: 500, body: { code: 'OUT_OF_ORDER', detail: 'the programme says so; nothing was done' } };
  }
  return kept.fingerprint === fingerprint
    ? kept
    : {
        status: 422,
        body: { code: 'IDEMPOTENCY_KEY_REUSED', detail: 'the key came with another request before' },
      };
}

function answerError(error: unknown, _request: FastifyRequest, reply: FastifyReply) {
  if (error instanceof z.ZodError) {
    return reply.code(400).send({ code: 'INVALID', detail: z.prettifyError(error).slice(0, 1_000) });
  }
  const { statusCode = 500, message } = error as { statusCode?: number; message: string };
  return reply.code(statusCode).send({ code: statusCode < 500 ? 'INVALID' : 'INTERNAL', detail: message });
}
