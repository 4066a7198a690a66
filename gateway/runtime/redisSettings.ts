import { z } from 'zod';
import { group, milliseconds, ms, setting } from './setting.ts';

/** `redis:` of `gateway.yaml`: where gateways share what they count and keep. */
export const redisSettingsSchema = group({
  url: setting(z.url({ protocol: /^rediss?$/ }).optional(), {
    env: 'REDIS_URL',
    defaultText: 'none',
    description: 'Where gateways share budgets and persisted queries; in memory without it.',
  }),
  timeout_ms: setting(milliseconds(50), {
    ...ms,
    description: 'A command that takes longer is given up.',
  }),
  key_prefix: setting(z.string().default('tributary:'), { description: 'Of all keys in Redis.' }),
});
