import { consumerSettings } from '@ballast/messaging';
import { processSettings } from '@ballast/platform';
import { z } from 'zod';

export const Configuration = z.object({ ...processSettings, ...consumerSettings });
export type Configuration = Readonly<z.infer<typeof Configuration>>;
