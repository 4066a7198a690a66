import { z } from 'zod';
import { authorizationSettingsSchema } from './authorize/authorizationSettings.ts';
import { devSettingsSchema } from './dev/devSettings.ts';
import { headerSettingsSchema } from './execute/subgraph/headerSettings.ts';
import { principalHeaderSettingsSchema } from './execute/subgraph/principalHeaderSettings.ts';
import { tlsSettingsSchema } from './execute/subgraph/tlsSettings.ts';
import { trafficSettingsSchema } from './execute/subgraph/trafficSettings.ts';
import { authenticationSettingsSchema } from './http/authenticate/authenticationSettings.ts';
import { explorerSettingsSchema } from './http/explorer/explorerSettings.ts';
import {
  batchingSettingsSchema,
  compressionSettingsSchema,
  corsSettingsSchema,
  listenSettingsSchema,
} from './http/httpSettings.ts';
import { overloadSettingsSchema } from './http/overloadSettings.ts';
import { demandControlSettingsSchema } from './limit/demandControlSettings.ts';
import { limitSettingsSchema } from './limit/limitSettings.ts';
import { rateLimitSettingsSchema } from './limit/rate/rateLimitSettings.ts';
import {
  automaticQuerySettingsSchema,
  persistedQuerySettingsSchema,
} from './operation/persistedOperationSettings.ts';
import { queryPlanningSettingsSchema } from './plan/queryPlanningSettings.ts';
import { type ExposureSettings, errorExposureSettingsSchema } from './respond/errorExposureSettings.ts';
import { redisSettingsSchema } from './runtime/redisSettings.ts';
import { group, type SettingNotes, setting } from './runtime/setting.ts';
import { discoverySettingsSchema } from './supergraph/discoverySettings.ts';
import { compositionSettingsSchema, supergraphSettingsSchema } from './supergraph/supergraphSettings.ts';
import { logSettingsSchema } from './telemetry/logSettings.ts';

/** Every setting of `gateway.yaml`, with its default, its unit and what it does. */
export const settingsSchema = z.strictObject({
  listen: listenSettingsSchema,
  workers: setting(z.union([z.literal('auto'), z.int().min(1).max(1024)]).default(1), {
    env: 'TRIBUTARY_WORKERS',
    description:
      'Processes that share the port and the requests; `auto` = one for each core. What is kept in memory is kept by each.',
  }),
  supergraph: supergraphSettingsSchema,
  discovery: discoverySettingsSchema,
  engine: setting(z.enum(['auto', 'compiled', 'apollo']).default('auto'), {
    description:
      'What plans and executes: `compiled` (native planner, own executor), `apollo` (the stock `ApolloGateway`), or `auto`: the first where its planner loads.',
  }),
  query_planning: queryPlanningSettingsSchema,
  composition: compositionSettingsSchema,
  explorer: explorerSettingsSchema,
  introspection: setting(
    z
      .union(
        [z.boolean(), z.enum(['all', 'permitted', 'off'])],
        'expected true, false, all, permitted or off',
      )
      .optional(),
    {
      defaultText: '`true`, in production `false`',
      description:
        'Answer introspection, and name fields in suggestions: `all` (or `true`), `off` (or `false`), or `permitted`: introspection without the fields that the caller may not ask, and no suggestions.',
    },
  ),
  permissions: setting(z.string().min(1).optional(), {
    env: 'PERMISSIONS',
    defaultText: 'none',
    description:
      'Module in TypeScript or JavaScript with the rules of who may ask what, as `gateway/permissions.ts`. Watched; a version that cannot be used is logged, and the one before stays in force.',
  }),
  authorization: authorizationSettingsSchema,
  expose_query_plan: setting(z.boolean().optional(), {
    defaultText: '`true`, in production `false`',
    description:
      'Answer the headers `Apollo-Query-Plan-Experimental` and `Apollo-Expose-Query-Plan` with the query plan.',
  }),
  csrf_prevention: setting(z.boolean().default(true), {
    description: 'Refuse requests that a browser sends to other sites without a preflight.',
  }),
  batching: batchingSettingsSchema,
  compression: compressionSettingsSchema,
  cors: corsSettingsSchema,
  authentication: authenticationSettingsSchema,
  limits: limitSettingsSchema,
  overload: overloadSettingsSchema,
  demand_control: demandControlSettingsSchema,
  rate_limit: rateLimitSettingsSchema,
  persisted_queries: persistedQuerySettingsSchema,
  apq: automaticQuerySettingsSchema,
  redis: redisSettingsSchema,
  client_name_header: setting(z.string().min(1).default('apollographql-client-name'), {
    description: 'The header in which clients give their name.',
  }),
  trusted_proxies: setting(z.array(z.string().min(1)).default([]), {
    description:
      'Addresses and networks of proxies whose `X-Forwarded-For` says the address of the client: `10.0.0.0/8`, `loopback`.',
  }),
  traffic_shaping: trafficSettingsSchema,
  tls: tlsSettingsSchema,
  headers: headerSettingsSchema,
  cache_control_policy: group({
    enabled: setting(z.boolean().default(false), {
      description:
        'Tell clients how long an answer may be stored: what all answers of subgraphs that it is made of allow by their `Cache-Control`. Without it, `no-store`.',
    }),
  }),
  principal_header: principalHeaderSettingsSchema,
  include_subgraph_errors: errorExposureSettingsSchema,
  log: logSettingsSchema,
  dev: devSettingsSchema,
});

/** What the file says, with defaults that depend on nothing. */
export type ParsedSettings = z.output<typeof settingsSchema>;

/** Settings in force: frozen, complete, and with the defaults that depend on the environment filled in. */
export type Settings = ParsedSettings & {
  readonly production: boolean;
  /** Absolute path of the settings file that was read, if one was. */
  readonly path: string | undefined;
  readonly introspection: 'all' | 'permitted' | 'off';
  readonly expose_query_plan: boolean;
  readonly explorer: { readonly sandbox: boolean; readonly graphiql: boolean };
  readonly include_subgraph_errors: ExposureSettings;
  readonly log: { readonly format: 'json' | 'pretty' };
};

/** A setting of the table in `gateway/README.md`. */
export interface SettingRow {
  /** `limits.max_body_bytes` */
  readonly key: string;
  readonly defaultText: string;
  readonly notes: SettingNotes;
}

/** Every setting in the order of the schema; the README's table is held to it by a test. */
export function listSettings(): readonly SettingRow[] {
  const rows: SettingRow[] = [];
  const walk = (schema: z.ZodType, key: string): void => {
    const notes = schema.meta() as SettingNotes | undefined;
    if (notes?.description !== undefined) {
      const fallback = schema.safeParse(undefined);
      rows.push({ key, defaultText: notes.defaultText ?? `\`${JSON.stringify(fallback.data)}\``, notes });
      return;
    }
    const inner = schema instanceof z.ZodPrefault ? (schema.unwrap() as z.ZodType) : schema;
    if (!(inner instanceof z.ZodObject)) throw new Error(`The setting ${key} has no description.`);
    for (const [name, child] of Object.entries(inner.shape))
      walk(child as z.ZodType, key === '' ? name : `${key}.${name}`);
  };
  walk(settingsSchema, '');
  return rows;
}

/** JSON Schema of `gateway.yaml`, for editors. */
export function settingsJsonSchema(): unknown {
  return z.toJSONSchema(settingsSchema, { io: 'input', unrepresentable: 'any' });
}
