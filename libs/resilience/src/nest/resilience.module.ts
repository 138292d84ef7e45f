import { type DynamicModule, Module } from '@nestjs/common';
import type { AnyPipeline } from '../pipeline/pipeline.js';
import { pipelineToken } from './decorators.js';

/** Provides pipelines to the whole application, each under the name of its dependency. */
@Module({})
export class ResilienceModule {
  /** @throws Error when two have the same name */
  static of(...pipelines: readonly AnyPipeline[]): DynamicModule {
    const names = pipelines.map(({ dependency }) => dependency);
    const double = names.find((name, index) => names.indexOf(name) !== index);
    if (double !== undefined) throw new Error(`there are two pipelines to ${double}`);
    const providers = pipelines.map(pipeline => ({
      provide: pipelineToken(pipeline.dependency),
      useValue: pipeline,
    }));
    return { module: ResilienceModule, global: true, providers, exports: providers };
  }
}
