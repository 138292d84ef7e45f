import { carrier } from './carrier/carrier.js';
import { run } from './party/run.js';

await run(carrier());
