import { z } from 'zod';
import { group, setting } from '../runtime/setting.ts';

/*
 * What clients learn of the errors of subgraphs: `include_subgraph_errors`.
 * Source of syntax and rules: Apollo Router, `plugins/include_subgraph_errors/{config,effective_config}.rs`.
 */

const keys = z.array(z.string().min(1));
const lists = { allow_extensions_keys: keys.optional(), deny_extensions_keys: keys.optional() };

export interface ExposureLists {
  readonly allow_extensions_keys?: readonly string[] | undefined;
  readonly deny_extensions_keys?: readonly string[] | undefined;
}

const hasOneList = (value: ExposureLists): boolean =>
  value.allow_extensions_keys === undefined || value.deny_extensions_keys === undefined;
const ONE_LIST = 'takes one of `allow_extensions_keys` and `deny_extensions_keys`, not both';

/** `include_subgraph_errors.all` */
const exposureOfAll = z.union(
  [z.boolean(), z.strictObject({ redact_message: z.boolean(), ...lists }).refine(hasOneList, ONE_LIST)],
  'expected true, false, or `{ redact_message, allow_extensions_keys | deny_extensions_keys }`',
);

/** A value of `include_subgraph_errors.subgraphs`. */
const exposureOfSubgraph = z.union(
  [
    z.boolean(),
    z
      .strictObject({
        redact_message: z.boolean().optional(),
        ...lists,
        exclude_global_keys: keys.optional(),
      })
      .refine(hasOneList, ONE_LIST),
  ],
  'expected true, false, or `{ redact_message, allow_extensions_keys | deny_extensions_keys, exclude_global_keys }`',
);

export interface ExposureSettings {
  readonly all: z.output<typeof exposureOfAll>;
  readonly subgraphs: Readonly<Record<string, z.output<typeof exposureOfSubgraph>>>;
}

/** `include_subgraph_errors:` of `gateway.yaml`. */
export const errorExposureSettingsSchema = group({
  all: setting(exposureOfAll.optional(), {
    defaultText: '`true`, in production `false`',
    description:
      'What clients learn of errors of subgraphs ([below](#errors-of-subgraphs)): all of it, or `Subgraph errors redacted`, or `{ redact_message, allow_extensions_keys | deny_extensions_keys }`.',
  }),
  subgraphs: setting(z.record(z.string().min(1), exposureOfSubgraph).default({}), {
    defaultText: 'none',
    description:
      'The same by subgraph name, there with `exclude_global_keys`; only `true` and `false` where `all` is one of them.',
  }),
}).superRefine(({ all, subgraphs }, context) => {
  // where `all` is no lists, a subgraph has none to extend
  if (typeof all === 'object') return;
  for (const [name, value] of Object.entries(subgraphs)) {
    if (typeof value === 'boolean') continue;
    context.addIssue({
      code: 'custom',
      path: ['subgraphs', name],
      message: 'must be true or false where `include_subgraph_errors.all` is',
    });
  }
});
