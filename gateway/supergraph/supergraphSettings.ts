import { z } from 'zod';
import { count, group, milliseconds, ms, setting, sizes } from '../runtime/setting.ts';

/** `supergraph:` of `gateway.yaml`: where the graph comes from. */
export const supergraphSettingsSchema = group({
  config: setting(z.string().min(1).default('supergraph.yaml'), {
    env: 'SUPERGRAPH_CONFIG',
    description: 'The list of subgraphs, in Rover’s format.',
  }),
  file: setting(z.string().min(1).optional(), {
    env: 'SUPERGRAPH',
    defaultText: 'none',
    description: 'An already composed supergraph; it is served instead of `config`.',
  }),
  cache_dir: setting(z.string().min(1).default('.tributary'), {
    env: 'TRIBUTARY_CACHE_DIR',
    description: 'Folder for composed and last good supergraphs.',
  }),
  poll_interval_ms: setting(milliseconds(10_000), {
    ...ms,
    description: 'Time between two reads of a `subgraph_url`, jittered by ±20 %. Files are also watched.',
  }),
  poll_timeout_ms: setting(milliseconds(5_000), {
    ...ms,
    description: 'A subgraph must give its schema in this time.',
  }),
  max_schema_bytes: setting(count(10_000_000), { ...sizes, description: 'A larger schema is refused.' }),
});

/** `composition:` of `gateway.yaml`: how the graph is composed. */
export const compositionSettingsSchema = group({
  timeout_ms: setting(milliseconds(120_000), {
    ...ms,
    description: 'A composition is ended after this time.',
  }),
  hints: setting(z.boolean().default(false), { description: 'Log the hints of composition.' }),
});
