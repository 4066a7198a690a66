import { z } from 'zod';
import { count, group, milliseconds, ms, setting, time } from '../runtime/setting.ts';

const percent = (value: number) => z.int().min(10).max(100).default(value);

/** `overload:` of `gateway.yaml`: when new requests are refused, and when load balancers are told. */
export const overloadSettingsSchema = group({
  max_concurrent_requests: setting(count(5_000), {
    unit: 'requests',
    description:
      'Requests for GraphQL that a process has in flight, until the client has read the answer; more are refused with 503 `REQUEST_CONCURRENCY_LIMITED`.',
  }),
  max_heap_percent: setting(percent(85), {
    unit: '%',
    description:
      'While more of V8’s heap is in use (`--max-old-space-size`), one request at a time is taken, and others are refused in the same way; 100 = never.',
  }),
  max_memory_percent: setting(percent(90), {
    unit: '%',
    description:
      'The same for the memory that the container may have (cgroup), of which all its processes use; 100 = never.',
  }),
  max_event_loop_delay_ms: setting(milliseconds(500), {
    ...ms,
    description: 'The same while the event loop is so late for a second, on average.',
  }),
  allowed_rejections: setting(z.int().min(0).default(100), {
    unit: 'requests',
    description: 'When more are refused in one `sampling_ms`, `/health/ready` is a 503.',
  }),
  sampling_ms: setting(milliseconds(5_000), { ...ms, description: 'The time in which they are counted.' }),
  unready_ms: setting(time.optional(), {
    ...ms,
    defaultText: 'twice `overload.sampling_ms`',
    description: 'How long it stays a 503.',
  }),
});

export type OverloadSettings = z.output<typeof overloadSettingsSchema>;
