import { z } from 'zod';
import { count, group, setting } from '../runtime/setting.ts';

const PORT_WORDS = 'expected a number from 0 to 65535';

/** `listen:` of `gateway.yaml`: where clients find the gateway. */
export const listenSettingsSchema = group({
  host: setting(z.string().min(1).default('127.0.0.1'), {
    env: 'HOST',
    description: 'Address to listen on; `0.0.0.0` in a container.',
  }),
  port: setting(z.int(PORT_WORDS).min(0, PORT_WORDS).max(65535, PORT_WORDS).default(4000), {
    env: 'PORT',
    description: 'Port to listen on; 0 takes a free one.',
  }),
  path: setting(
    z
      .string()
      .regex(/^\/[\w\-./~]+$/, 'is not a path such as /graphql')
      .default('/graphql'),
    {
      description: 'Path of the GraphQL endpoint.',
    },
  ),
  tls: setting(
    z
      .strictObject({
        certificate: z.string().min(1),
        key: z.string().min(1),
        client_certificate_authorities: z.string().min(1).optional(),
      })
      .optional(),
    {
      defaultText: 'none',
      description:
        'Answer over TLS: `{ certificate, key, client_certificate_authorities }`. With the last, clients must show a certificate of those authorities. See [below](#tls).',
    },
  ),
});

/** `batching:` of `gateway.yaml`: several requests in one body. */
export const batchingSettingsSchema = group({
  enabled: setting(z.boolean().default(false), { description: 'Answer JSON arrays of requests.' }),
  maximum_size: setting(count(10), {
    unit: 'operations',
    description: 'A larger batch is refused.',
  }),
});

/** `compression:` of `gateway.yaml`: of answers to clients. */
export const compressionSettingsSchema = group({
  enabled: setting(z.boolean().default(false), {
    description: 'Compress answers for clients that take them so; leave it off where a proxy in front does.',
  }),
  min_bytes: setting(count(1_400), { unit: 'bytes', description: 'Shorter answers are sent as they are.' }),
  encodings: setting(
    z
      .array(z.enum(['br', 'gzip']))
      .min(1)
      .default(['br', 'gzip']),
    {
      description: 'Codings, the one that is preferred first.',
    },
  ),
});

/** `cors:` of `gateway.yaml`: which sites of browsers may read answers. */
export const corsSettingsSchema = group({
  origins: setting(z.array(z.string().min(1)).default([]), {
    description: 'Origins of browsers that may read answers; `*` for all.',
  }),
  credentials: setting(z.boolean().default(false), { description: 'Let those browsers send cookies.' }),
}).refine(
  ({ origins, credentials }) => !(credentials && origins.includes('*')),
  '`credentials` with the origin `*` would let every site act as the user',
);
