import { z } from 'zod';
import { count, group, milliseconds, ms, setting, sizes } from '../runtime/setting.ts';

/** `query_planning:` of `gateway.yaml`: how long plans may take and how many are kept. */
export const queryPlanningSettingsSchema = group({
  timeout_ms: setting(milliseconds(500), {
    ...ms,
    description:
      'An operation that takes longer to plan is refused with `OPERATION_TOO_COMPLEX`. Engine `compiled` only.',
  }),
  max_queue: setting(count(200), {
    unit: 'operations',
    description: 'Operations that may wait to be planned; one more is a 503. Engine `compiled` only.',
  }),
  max_cache_bytes: setting(count(100_000_000), {
    ...sizes,
    description:
      'Estimated memory for plans and what is compiled of them; what was used least lately goes. Engine `compiled` only.',
  }),
  warm_up_operations: setting(z.int().min(0).default(200), {
    unit: 'operations',
    description:
      'How many of the most used operations are prepared on a new supergraph before it is put in force; 0 = none. Engine `compiled` only.',
  }),
  warm_up_timeout_ms: setting(milliseconds(5_000), {
    ...ms,
    description: 'What is not prepared by then is left to the first request for it.',
  }),
});
