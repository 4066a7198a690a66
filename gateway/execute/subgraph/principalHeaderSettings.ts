import { z } from 'zod';
import { group, milliseconds, ms, setting } from '../../runtime/setting.ts';

const secret = z.string().refine((text) => Buffer.byteLength(text) >= 32, 'must have 32 bytes or more');

/** `principal_header:` of `gateway.yaml`: how subgraphs learn who asks. */
export const principalHeaderSettingsSchema = group({
  enabled: setting(z.boolean().default(false), {
    description:
      'Tell subgraphs who asks, in the signed header `x-tributary-principal` ([docs/principal-header.md](../docs/principal-header.md)).',
  }),
  secret: setting(secret.optional(), {
    env: 'PRINCIPAL_SECRET',
    defaultText: 'none',
    description: 'Signs the header: 32 bytes or more, known to gateway and subgraphs alone.',
  }),
  lifetime_ms: setting(milliseconds(60_000), {
    ...ms,
    description: 'How long a signed header is believed.',
  }),
  claims: setting(z.array(z.string().min(1)).default([]), {
    defaultText: 'none',
    description: 'Claims that go with id, scopes and roles, by their paths.',
  }),
});
