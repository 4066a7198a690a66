import { z } from 'zod';
import { count, group, positive, setting } from '../runtime/setting.ts';

const subgraphCost = z.strictObject({ max: z.number().min(0), list_size: positive.optional() });

/** `demand_control:` of `gateway.yaml`: what operations may cost. */
export const demandControlSettingsSchema = group({
  mode: setting(z.enum(['measure', 'enforce']).default('measure'), {
    description: '`enforce` refuses operations that may cost more than `max`, before anything is fetched.',
  }),
  max: setting(z.number().min(0).optional(), {
    unit: 'points',
    defaultText: 'none',
    description: 'What one operation may cost, by `@cost`, `@listSize` and the sizes of lists.',
  }),
  list_size: setting(count(100), {
    unit: 'items',
    description: 'The size of lists that `@listSize` says nothing of.',
  }),
  subgraphs: setting(z.record(z.string().min(1), subgraphCost).default({}), {
    defaultText: 'none',
    description:
      'What one operation may cost a subgraph, by its name: `{ max, list_size }`. A subgraph for which it costs more is not asked. Engine `compiled` and mode `enforce` only.',
  }),
  response_extension: setting(z.boolean().default(false), {
    description: 'Tell estimated and actual cost in `extensions.cost`.',
  }),
  response_headers: setting(z.boolean().default(false), {
    description: 'Tell them in the headers `X-Cost-Estimated`, `X-Cost-Actual` and `X-Cost-Max`.',
  }),
}).refine(
  ({ mode, max }) => mode === 'measure' || max !== undefined,
  '`enforce` needs `max`, the cost that is allowed',
);
