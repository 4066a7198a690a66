import { z } from 'zod';
import { count, group, milliseconds, ms, positive, setting, sizes } from '../runtime/setting.ts';

/** `limits:` of `gateway.yaml`: how large requests, documents and answers may be. */
export const limitSettingsSchema = group({
  max_body_bytes: setting(count(1_000_000), {
    ...sizes,
    description: 'A larger body is refused with 413.',
  }),
  max_header_bytes: setting(count(65_536), {
    ...sizes,
    description: 'Larger headers are refused with 431.',
  }),
  max_subgraph_fetches: setting(positive.optional(), {
    unit: 'requests',
    defaultText: 'none',
    description:
      'An operation whose plan may need more requests to subgraphs is refused with `MAX_SUBGRAPH_FETCHES_LIMIT`.',
  }),
  max_tokens: setting(count(5_000), {
    unit: 'tokens',
    description: 'A longer document is refused by the parser.',
  }),
  max_recursion: setting(count(200), {
    unit: 'levels',
    description: 'Selection sets, lists and objects may nest this deep in a document.',
  }),
  max_depth: setting(count(20), {
    unit: 'fields',
    description: 'The longest way from an operation to a field.',
  }),
  max_height: setting(positive.optional(), {
    unit: 'fields',
    defaultText: 'none',
    description: 'Fields of an operation; aliases of one field in one place count once.',
  }),
  max_aliases: setting(count(30), {
    unit: 'aliases',
    description: 'Aliases of an operation, those of `__typename` among them.',
  }),
  max_root_fields: setting(count(20), {
    unit: 'fields',
    description: 'Root fields of an operation, each alias of one counted.',
  }),
  max_directives: setting(count(50), { unit: 'directives', description: 'Directives of an operation.' }),
  max_expanded_selections: setting(count(10_000), {
    unit: 'selections',
    description: 'Selections of an operation, each fragment counted wherever it is spread.',
  }),
  max_variables_depth: setting(count(200), {
    unit: 'levels',
    description: 'Lists and objects may nest this deep in variables.',
  }),
  max_errors: setting(count(100), {
    unit: 'errors',
    description: 'Errors of one answer; more are counted and left out.',
  }),
  warn_only: setting(z.boolean().default(false), {
    description:
      'Log operations beyond `max_depth`, `max_height`, `max_aliases`, `max_root_fields` and `max_directives`, and serve them.',
  }),
  headers_timeout_ms: setting(milliseconds(10_000), {
    ...ms,
    description: 'The headers of a request must arrive in this time.',
  }),
  request_timeout_ms: setting(milliseconds(30_000), {
    ...ms,
    description: 'A whole request must arrive in this time.',
  }),
  write_timeout_ms: setting(milliseconds(30_000), {
    ...ms,
    description: 'A client that reads nothing of its answer for so long is disconnected.',
  }),
  keep_alive_timeout_ms: setting(milliseconds(75_000), {
    ...ms,
    description: 'How long an idle connection is kept; keep it above the load balancer’s.',
  }),
  drain_timeout_ms: setting(milliseconds(30_000), {
    ...ms,
    description: 'After SIGTERM, requests in flight may take this long before the process ends.',
  }),
});
