import { z } from 'zod';
import { count, group, setting, sizes } from '../runtime/setting.ts';

/** `persisted_queries:` of `gateway.yaml`: the operations that are known beforehand. */
export const persistedQuerySettingsSchema = group({
  local_manifests: setting(z.array(z.string().min(1)).default([]), {
    defaultText: 'none',
    description:
      'Files of operations that clients name by id: Apollo’s manifest, or Relay’s map. They are watched.',
  }),
  log_unknown: setting(z.boolean().default(false), {
    description: 'Log operations that are in none of them.',
  }),
  safelist: setting(
    z
      .strictObject({ enabled: z.boolean().default(false), require_id: z.boolean().default(false) })
      .prefault({}),
    {
      defaultText: 'off',
      description:
        'Refuse operations that are in none of them (`enabled`), or that are not named by id (`require_id` beside it).',
    },
  ),
})
  .refine(
    ({ local_manifests, log_unknown, safelist }) =>
      local_manifests.length > 0 || !(log_unknown || safelist.enabled),
    '`local_manifests` says what is known; without it nothing would be',
  )
  .refine(
    ({ safelist }) => safelist.enabled || !safelist.require_id,
    '`require_id` is a part of `safelist.enabled`',
  );

/** `apq:` of `gateway.yaml`: documents that clients register by their hash. */
export const automaticQuerySettingsSchema = group({
  enabled: setting(z.boolean().optional(), {
    defaultText: '`true`, with a safelist `false`',
    description: 'Automatic persisted queries: clients register documents by their hash.',
  }),
  max_entries: setting(count(512), {
    unit: 'documents',
    description: 'Documents that are kept in memory.',
  }),
  max_document_bytes: setting(count(50_000), { ...sizes, description: 'A longer document is not kept.' }),
  ttl_seconds: setting(count(86_400), {
    unit: 's',
    description: 'How long Redis keeps a document that is not registered again.',
  }),
});
