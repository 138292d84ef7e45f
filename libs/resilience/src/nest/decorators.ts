import { Inject } from '@nestjs/common';
import type { CallContext, CallOptions } from '../call/call.js';
import type { AnyPipeline } from '../pipeline/pipeline.js';

/** Under what a pipeline is provided. */
export const pipelineToken = (dependency: string): string => `pipeline to ${dependency}`;

/** Injects the pipeline of this name: into a constructor's parameter or a property. */
export const InjectPipeline = (dependency: string): ReturnType<typeof Inject> =>
  Inject(pipelineToken(dependency));

type Method<Args extends unknown[], T> = (...args: [...Args, CallContext]) => Promise<T>;

/**
 * Each call of the method goes through the pipeline of this name. The method's last parameter is the call's context,
 * with its signal; callers leave it out, as `(context?: CallContext)` lets them.
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
        // One more argument than the method's own is a context already, which this call has of its own.
        const own = args.slice(0, Math.max(0, method.length - 1)) as Args;
        const said = typeof options === 'function' ? options(...own) : options;
        return this[property]!.run(context => method.apply(this, [...own, context]), said);
      },
    };
  };
}
