export { InjectPipeline, pipelineToken, Through } from './decorators.js';
export { ResilienceModule } from './resilience.module.js';
