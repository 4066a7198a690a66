import { z } from 'zod';
import { group, setting } from '../../runtime/setting.ts';

const subgraphTls = z.strictObject({
  certificate_authorities: z.string().min(1).optional(),
  client_authentication: z
    .strictObject({ certificate_chain: z.string().min(1), key: z.string().min(1) })
    .optional(),
  server_name: z
    .string()
    .regex(/^[\w.-]+$/, 'is not a host name')
    .optional(),
});

/** `tls:` of `gateway.yaml`: how connections to subgraphs are secured. The shape is Apollo Router's. */
export const tlsSettingsSchema = group({
  all: setting(subgraphTls.prefault({}), {
    defaultText: 'none',
    description:
      'Connections to subgraphs over `https`: `{ certificate_authorities, client_authentication: { certificate_chain, key }, server_name }`; see [below](#tls).',
  }),
  subgraphs: setting(z.record(z.string().min(1), subgraphTls).default({}), {
    defaultText: 'none',
    description: 'The same by subgraph name; what is said here replaces that key of `all`.',
  }),
});
