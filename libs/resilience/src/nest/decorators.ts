import { Inject } from '@nestjs/common';
import { Call, type CallContext, type CallOptions } from '../call/call.js';
import type { AnyPipeline } from '../pipeline/pipeline.js';

/** Under what a pipeline is provided. */
export const pipelineToken = (dependency: string): string => `pipeline to ${dependency}`;

/** Injects the pipeline of this name: into a constructor's parameter or a property. */
export const InjectPipeline = (dependency: string): ReturnType<typeof Inject> =>
  Inject(pipelineToken(dependency));

type Method<Args extends unknown[], T> = (...args: [...Args, CallContext]) => Promise<T>;

/**
 * Each call of the method goes through the pipeline of this name. The method's last parameter is the call's context,
 * with its signal; callers leave it out, as `(context?: CallContext)` lets them, or pass one on that they were given,
 * which then bounds this call too. The parameters before it are not optional.
 * @param options what is said about every call, or about one by its arguments
 */
export function Through<Args extends unknown[], T>(
  dependency: string,
  options: CallOptions | ((...args: Args) => CallOptions) = {},
) {
  const property = Symbol(pipelineToken(dependency));
  return (
    target: object,
    _: string | symbol,
    descriptor: TypedPropertyDescriptor<Method<Args, T>>,
  ): TypedPropertyDescriptor<Method<Args, T>> => {
    (InjectPipeline(dependency) as PropertyDecorator)(target, property);
    const method = descriptor.value!;
    return {
      ...descriptor,
      value(this: Record<symbol, AnyPipeline>, ...args: [...Args, CallContext]): Promise<T> {
        const last = args.at(-1);
        const outer = last instanceof Call ? last : null;
        const own = (outer === null ? args : args.slice(0, -1)) as unknown as Args;
        const said = typeof options === 'function' ? options(...own) : options;
        const bounds = outer === null ? {} : { signal: outer.signal, deadline: outer.deadline ?? undefined };
        return this[property]!.run(context => method.apply(this, [...own, context]), { ...bounds, ...said });
      },
    };
  };
}
