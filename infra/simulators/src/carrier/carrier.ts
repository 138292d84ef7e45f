import { CreateLabel } from '@ballast/contracts';
import { randomUUID } from 'node:crypto';
import type { Call, Operation, Party, Verdict } from '../party/party.js';

/** Makes shipping labels. */
export const carrier = (): Party => ({ name: 'carrier', operations: [label], remember: () => undefined });

const label: Operation = {
  name: 'label',
  path: '/labels',
  read(_, body): Call {
    const request = CreateLabel.parse(body);
    const about = { about: request.reference, amountCents: null };
    return {
      facts: { reference: request.reference, zone: request.address.zone },
      fingerprint: JSON.stringify(request),
      decide(declined): Verdict {
        if (declined) {
          const body = { code: 'LABEL_REFUSED', detail: 'the carrier does not take this parcel' };
          return { definite: true, outcome: 'declined', status: 422, body, id: null, ...about };
        }
        const trackingNumber = `track_${randomUUID()}`;
        return {
          definite: true,
          outcome: 'done',
          status: 201,
          body: { trackingNumber },
          id: trackingNumber,
          ...about,
        };
      },
    };
  },
};
