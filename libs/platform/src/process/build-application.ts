import { type DynamicModule, type INestApplicationContext, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import 'reflect-metadata';
import { acceptJsonOnly } from '../http/json-body.js';
import { Problem, type EdgeProblems } from '../http/problem.js';
import { ProblemFilter } from '../http/problem-filter.js';
import { routesOf } from '../http/routes.js';
import { answerClientErrors, refuseUnmet } from '../http/client-errors.js';
import { serveDocuments } from '../http/documents.js';
import { ValidationPipe } from '../http/validation-pipe.js';
import type { Logger } from '../logging/logger.js';
import { NestLogger } from '../logging/nest-logger.js';

export interface ApplicationOptions {
  readonly name: string;
  /** One line for the API's documentation. */
  readonly description?: string;
  readonly module: Type | DynamicModule;
  readonly logger: Logger;
  /** The registry of error codes: `problems` of @ballast/contracts. */
  readonly problems: EdgeProblems;
  /** What consumes messages; a function may take it from the application. */
  readonly strategy?: CustomTransportStrategy | ((app: INestApplicationContext) => CustomTransportStrategy);
}

/** The application with pipe, filter, limits and documentation, initialised but not yet listening or consuming. */
export async function buildApplication(options: ApplicationOptions): Promise<NestFastifyApplication> {
  const { problems, logger } = options;
  const filter = new ProblemFilter(problems, logger, path => routes.methodsOf(path));
  const adapter = new FastifyAdapter({
    bodyLimit: 1024 * 1024,
    // Longer than a load balancer's usual 60 s, so that it is never us who close a connection under a request.
    keepAliveTimeout: 65_000,
    requestTimeout: 30_000,
    routerOptions: { maxParamLength: 300 },
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    // Ours is a problem+json, and begins with the first shutdown hook: see refuseWhileClosing.
    return503OnClosing: false,
    // Node would answer without a body: see refuseUnmet.
    http: { requireHostHeader: false },
    clientErrorHandler: answerClientErrors(problems),
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
      filter.answer(error, request, reply),
  });
  const fastify = adapter.getInstance();
  const routes = routesOf(fastify as never);
  const app = await NestFactory.create<NestFastifyApplication>(options.module, adapter, {
    logger: new NestLogger(logger),
    abortOnError: false,
    bodyParser: false,
  });
  acceptJsonOnly(fastify as never, problems);
  refuseUnmet(fastify as never, problems);
  app.useGlobalPipes(new ValidationPipe(problems));
  app.useGlobalFilters(filter);
  refuseWhileClosing(app, problems);
  serveDocuments(app, options);
  if (options.strategy !== undefined) {
    const strategy = typeof options.strategy === 'function' ? options.strategy(app) : options.strategy;
    app.connectMicroservice({ strategy }, { inheritAppConfig: true });
  }
  // Before the strategy listens: else messages arrive before onModuleInit.
  await app.init();
  return app;
}

/** Routes are described by zod alone. Fastify would load Ajv for schemas of its own, a seventh of a start's work. */
const noSchemas = () => (): never => {
  throw new Error('a route has a Fastify schema: nobody here would check it');
};

/**
 * Requests on connections that are still open get a clear answer, and their connection is closed; one whose last
 * request was in flight is closed once it is answered. Else a client's idle connection would hold the process back.
 */
function refuseWhileClosing(app: NestFastifyApplication, problems: EdgeProblems): void {
  let closing = false;
  const adapter = app.getHttpAdapter();
  const beforeClose = adapter.beforeClose?.bind(adapter);
  adapter.beforeClose = () => {
    closing = true;
    const server = app.getHttpServer();
    const sweep = setInterval(() => server.closeIdleConnections(), 50).unref();
    server.once('close', () => clearInterval(sweep));
    return beforeClose?.();
  };
  adapter.getInstance().addHook('onRequest', (_request, _reply, done) => {
    if (!closing) return done();
    done(
      new Problem(problems.UNAVAILABLE, 'the process is shutting down', {
        headers: { 'retry-after': '1', connection: 'close' },
      }),
    );
  });
}
