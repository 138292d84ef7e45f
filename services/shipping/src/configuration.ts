import { consumerSettings } from '@ballast/messaging';
import { httpUrl, processSettings } from '@ballast/platform';
import { z } from 'zod';

export const Configuration = z.object({ ...processSettings, ...consumerSettings, CARRIER_URL: httpUrl });
export type Configuration = Readonly<z.infer<typeof Configuration>>;
