import { z } from 'zod';
import { group, setting } from '../../runtime/setting.ts';
import { headerRule } from './headerRules.ts';
import { responseHeaderRule } from './responseHeaderRules.ts';

const rules = z.strictObject({
  request: z.array(headerRule).default([]),
  response: z.array(responseHeaderRule).default([]),
});

/** `headers:` of `gateway.yaml`: what is sent on between clients and subgraphs. */
export const headerSettingsSchema = group({
  all: setting(rules.prefault({}), {
    defaultText: 'none',
    description:
      'Rules for requests to every subgraph, and for their answers: `request: [{ propagate: … }, { remove: … }, { insert: … }]`, `response: [{ op: propagate, … }, { op: set, … }]`; see [below](#headers).',
  }),
  subgraphs: setting(z.record(z.string().min(1), rules).default({}), {
    defaultText: 'none',
    description: 'Further rules by subgraph name, applied after those of `all`.',
  }),
});
