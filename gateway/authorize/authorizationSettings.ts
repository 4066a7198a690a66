import { z } from 'zod';
import { group, milliseconds, ms, setting } from '../runtime/setting.ts';

/** `authorization:` of `gateway.yaml`: how the rules and directives are applied. */
export const authorizationSettingsSchema = group({
  reject_unauthorized: setting(z.boolean().default(false), {
    description: 'Refuse a request with 403 when any of its fields is denied, instead of answering the rest.',
  }),
  dry_run: setting(z.boolean().default(false), {
    description: 'Deny nothing, and report what would be denied.',
  }),
  errors: group({
    response: setting(z.enum(['errors', 'extensions', 'disabled']).default('errors'), {
      description:
        'Where clients read what was denied: in `errors`, in `extensions.authorizationErrors`, or nowhere.',
    }),
    log: setting(z.boolean().default(true), { description: 'Log the paths that were denied.' }),
  }),
  rule_timeout_ms: setting(milliseconds(1_000), {
    ...ms,
    description: 'A rule or policy that has not answered by then denies.',
  }),
  trust_requires: setting(
    z.array(z.string().regex(/^\w+\.\w+$/, 'is not a field such as Product.margin')).default([]),
    {
      description:
        'Fields whose subgraph is trusted with what it reads by `@requires` or `@fromContext`: they do not need the permissions of those fields.',
    },
  ),
});
