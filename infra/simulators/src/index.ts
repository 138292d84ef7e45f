export { captureDeclinedToken, cardGateway, declinedToken } from './card-gateway/card-gateway.js';
export { carrier } from './carrier/carrier.js';
export { Journal } from './party/journal.js';
export type { Party } from './party/party.js';
export { Rules } from './party/programme.js';
export { serve } from './party/server.js';
