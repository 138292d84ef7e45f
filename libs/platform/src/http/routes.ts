import type { FastifyInstance } from 'fastify';

/** Notes every route that is added from here on; answers which methods an address knows. */
export function routesOf(fastify: FastifyInstance): { methodsOf(path: string): readonly string[] } {
  const routes = new Map<string, { pattern: RegExp; methods: Set<string> }>();
  fastify.addHook('onRoute', ({ url, method }) => {
    const route = routes.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
    for (const name of [method].flat()) route.methods.add(name);
    routes.set(url, route);
  });
  return {
    methodsOf: path => [
      ...new Set(
        [...routes.values()].filter(route => route.pattern.test(path)).flatMap(route => [...route.methods]),
      ),
    ],
  };
}

/** `/orders/:id/events` as a regular expression; `*` at the end matches the rest. */
function patternOf(url: string): RegExp {
  const source = url
    .split('/')
    .map(segment =>
      segment.startsWith(':')
        ? '[^/]+'
        : segment === '*'
          ? '.*'
          : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
    )
    .join('/');
  // As the router: `/orders/` is not `/orders`.
  return new RegExp(`^${source}$`);
}
