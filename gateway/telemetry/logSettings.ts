import { z } from 'zod';
import { group, setting } from '../runtime/setting.ts';

/** `log:` of `gateway.yaml`: what is written of what happens. */
export const logSettingsSchema = group({
  level: setting(z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'), {
    env: 'LOG_LEVEL',
    description: 'What is logged.',
  }),
  format: setting(z.enum(['json', 'pretty']).optional(), {
    env: 'LOG_FORMAT',
    defaultText: '`pretty`, in production `json`',
    description: 'How it is written.',
  }),
});
