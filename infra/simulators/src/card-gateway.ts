import { cardGateway } from './card-gateway/card-gateway.js';
import { run } from './party/run.js';

await run(cardGateway());
