import { z } from 'zod';
import { count, group, setting } from '../../runtime/setting.ts';
import { payerKinds } from './payer.ts';

const payerMatch = {
  by: z.enum(payerKinds),
  only: z.array(z.string().min(1)).min(1).optional(),
};
const budget = z.strictObject({
  ...payerMatch,
  points: z.number().positive(),
  per_seconds: z.number().positive(),
  burst: z.number().positive().optional(),
  callers: z.enum(['anonymous', 'authenticated']).optional(),
});

/** `rate_limit:` of `gateway.yaml`: what callers may spend. */
export const rateLimitSettingsSchema = group({
  budgets: setting(z.array(budget).default([]), {
    defaultText: 'none',
    description:
      'Points that a `user`, `key`, `role`, `client` or `address` may spend: `{ by, points, per_seconds, burst, only, callers }`. All that fit hold together.',
  }),
  weights: setting(z.array(z.strictObject({ ...payerMatch, weight: z.number().min(0) })).default([]), {
    defaultText: 'none',
    description: 'Whose operations cost so many times as much, first that fits: `{ by, only, weight }`.',
  }),
  exempt: setting(z.array(z.strictObject(payerMatch)).default([]), {
    defaultText: 'none',
    description: 'Who pays nothing: `{ by, only }`.',
  }),
  min_points: setting(z.number().min(0).default(1), {
    unit: 'points',
    description: 'The least that an operation is charged which asks a subgraph.',
  }),
  store_failure: setting(z.enum(['local', 'fail_open', 'fail_closed']).default('local'), {
    description: 'While Redis is away: count in each process, admit all, or refuse all with a 503.',
  }),
  max_buckets: setting(count(100_000), {
    unit: 'buckets',
    description: 'Budgets kept in memory; those not used for longest are forgotten.',
  }),
  response_extension: setting(z.boolean().default(false), {
    description: 'Tell of budgets in `extensions.rateLimit` of every answer, not only of refusals.',
  }),
});
