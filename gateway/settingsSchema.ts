import { z } from 'zod';
import { headerRule } from './execute/subgraph/headerRules.ts';
import { claimPaths, keySetSettings, tokenHeaderName, tokenSource } from './http/authenticate/jwtSettings.ts';
import { payerKinds } from './limit/rate/payer.ts';
import { discoverySettingsSchema } from './supergraph/discoverySettings.ts';

/** What the table in `gateway/README.md` says of a setting, beside its key and its default. */
export interface SettingNotes {
  /** Unit of a number: `ms`, `bytes`, `connections` … */
  readonly unit?: string;
  /** The environment variable that overrides the file. */
  readonly env?: string;
  /** Said instead of the default where that depends on something. */
  readonly defaultText?: string;
  readonly description: string;
}

/** Adds notes, and the default when there is one. */
function setting<Schema extends z.ZodType>(schema: Schema, notes: SettingNotes): Schema {
  return schema.meta({ ...notes });
}

const group = <Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject(shape).prefault({} as never);
const milliseconds = (value: number) =>
  z
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .default(value);
const count = (value: number) => z.int().min(1).default(value);
const sizes = { unit: 'bytes' } as const;
const ms = { unit: 'ms' } as const;

const PORT_WORDS = 'expected a number from 0 to 65535';
const subgraphName = z.string().min(1);
const principalSecret = z
  .string()
  .refine((secret) => Buffer.byteLength(secret) >= 32, 'must have 32 bytes or more');
const headerRules = z.strictObject({ request: z.array(headerRule).default([]) });

const subgraphCost = z.strictObject({ max: z.number().min(0), list_size: z.int().min(1).optional() });
const payerMatch = {
  by: z.enum(payerKinds),
  only: z.array(z.string().min(1)).min(1).optional(),
};
const budget = z.strictObject({
  ...payerMatch,
  points: z.number().positive(),
  per_seconds: z.number().positive(),
  burst: z.number().positive().optional(),
  callers: z.enum(['anonymous', 'authenticated']).optional(),
});

/** Every setting of `gateway.yaml`, with its default, its unit and what it does. */
export const settingsSchema = z.strictObject({
  listen: group({
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
  }),
  workers: setting(z.union([z.literal('auto'), z.int().min(1).max(1024)]).default(1), {
    env: 'TRIBUTARY_WORKERS',
    description:
      'Processes that share the port and the requests; `auto` = one for each core. What is kept in memory is kept by each.',
  }),
  supergraph: group({
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
  }),
  discovery: discoverySettingsSchema,
  engine: setting(z.enum(['auto', 'compiled', 'apollo']).default('auto'), {
    description:
      'What plans and executes: `compiled` (native planner, own executor), `apollo` (the stock `ApolloGateway`), or `auto`: the first where its planner loads.',
  }),
  query_planning: group({
    timeout_ms: setting(milliseconds(500), {
      ...ms,
      description:
        'An operation that takes longer to plan is refused with `OPERATION_TOO_COMPLEX`. Engine `compiled` only.',
    }),
    max_queue: setting(count(200), {
      unit: 'operations',
      description: 'Operations that may wait to be planned; one more is a 503. Engine `compiled` only.',
    }),
    max_cache_bytes: setting(count(100_000_000), {
      ...sizes,
      description:
        'Estimated memory for plans and what is compiled of them; what was used least lately goes. Engine `compiled` only.',
    }),
    warm_up_operations: setting(z.int().min(0).default(200), {
      unit: 'operations',
      description:
        'How many of the most used operations are prepared on a new supergraph before it is put in force; 0 = none. Engine `compiled` only.',
    }),
    warm_up_timeout_ms: setting(milliseconds(5_000), {
      ...ms,
      description: 'What is not prepared by then is left to the first request for it.',
    }),
  }),
  composition: group({
    timeout_ms: setting(milliseconds(120_000), {
      ...ms,
      description: 'A composition is ended after this time.',
    }),
    hints: setting(z.boolean().default(false), { description: 'Log the hints of composition.' }),
  }),
  explorer: group({
    sandbox: setting(z.boolean().optional(), {
      defaultText: '`true`, in production `false`',
      description: 'Apollo Sandbox at `/` (loaded from the internet).',
    }),
    graphiql: setting(z.boolean().optional(), {
      defaultText: '`true`, in production `false`',
      description: 'The bundled GraphiQL at `/graphiql` (works offline).',
    }),
    document: setting(z.string().optional(), {
      defaultText: 'none',
      description:
        'The query that both pages open with, and that `tributary dev` asks before it says that all is up.',
    }),
  }),
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
  authorization: group({
    reject_unauthorized: setting(z.boolean().default(false), {
      description:
        'Refuse a request with 403 when any of its fields is denied, instead of answering the rest.',
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
  }),
  expose_query_plan: setting(z.boolean().optional(), {
    defaultText: '`true`, in production `false`',
    description:
      'Answer the headers `Apollo-Query-Plan-Experimental` and `Apollo-Expose-Query-Plan` with the query plan.',
  }),
  csrf_prevention: setting(z.boolean().default(true), {
    description: 'Refuse requests that a browser sends to other sites without a preflight.',
  }),
  batching: group({
    enabled: setting(z.boolean().default(false), { description: 'Answer JSON arrays of requests.' }),
    maximum_size: setting(count(10), {
      unit: 'operations',
      description: 'A larger batch is refused.',
    }),
  }),
  cors: group({
    origins: setting(z.array(z.string().min(1)).default([]), {
      description: 'Origins of browsers that may read answers; `*` for all.',
    }),
    credentials: setting(z.boolean().default(false), { description: 'Let those browsers send cookies.' }),
  }).refine(
    ({ origins, credentials }) => !(credentials && origins.includes('*')),
    '`credentials` with the origin `*` would let every site act as the user',
  ),
  authentication: group({
    require_authentication: setting(z.boolean().default(false), {
      description: 'Refuse anonymous callers with 401.',
    }),
    api_keys: group({
      enabled: setting(z.boolean().default(false), {
        description: 'Accept API keys, which `tributary keys` issues.',
      }),
      header_name: setting(tokenHeaderName.default('x-api-key'), {
        description: 'The header that holds an API key.',
      }),
      database: setting(z.string().min(1).default('.tributary/keys.sqlite'), {
        env: 'API_KEYS_DATABASE_URL',
        description: 'Where keys are stored, as hashes: a SQLite file, or `postgres://…`.',
      }),
      cache_ms: setting(z.int().min(0).max(600_000).default(5_000), {
        ...ms,
        description: 'How long a stored key is believed; a revoked one is accepted for so long at most.',
      }),
      max_cached_keys: setting(count(10_000), { unit: 'keys', description: 'Keys that are remembered.' }),
    }),
    jwt: group({
      jwks: setting(z.array(keySetSettings).default([]), {
        defaultText: 'none',
        description:
          'Key sets that tokens are verified with; see [below](#tokens). Without one, tokens are not looked at.',
      }),
      header_name: setting(tokenHeaderName.default('authorization'), {
        description: 'The header that holds a token.',
      }),
      header_value_prefix: setting(z.string().default('Bearer'), {
        description: 'What stands before the token, with a space between; empty for the token alone.',
      }),
      ignore_other_prefixes: setting(z.boolean().default(false), {
        description: 'Take a header with another prefix for none, instead of refusing it with 400.',
      }),
      sources: setting(z.array(tokenSource).default([]), {
        defaultText: 'none',
        description:
          'Where else a token may stand, in order: `{ type: header, name, value_prefix }`, `{ type: cookie, name }`.',
      }),
      on_error: setting(z.enum(['Error', 'Continue']).default('Error'), {
        description: '`Continue`: who sends a token that is refused is anonymous.',
      }),
      claims: setting(claimPaths.prefault({}), {
        description:
          'Where id, scopes and roles stand in the claims: a claim, or a path such as `realm_access.roles`.',
      }),
      leeway_ms: setting(z.int().min(0).max(600_000).default(60_000), {
        ...ms,
        description: 'What clocks may differ by where `exp` and `nbf` are checked.',
      }),
      max_token_bytes: setting(count(8_192), { ...sizes, description: 'A longer token is refused unread.' }),
      max_cached_tokens: setting(count(10_000), {
        unit: 'tokens',
        description: 'Verified tokens that are remembered, until they expire or their key is gone.',
      }),
      unknown_kid_floor_ms: setting(milliseconds(5_000), {
        ...ms,
        description: 'The least time between two reads of a key set that unknown key ids cause.',
      }),
      max_wait_ms: setting(milliseconds(1_000), {
        ...ms,
        description: 'How long a request waits while a key set is read for it.',
      }),
      fetch_timeout_ms: setting(milliseconds(5_000), {
        ...ms,
        description: 'A key set must be read in this time; otherwise the keys before stay in force.',
      }),
      max_key_set_bytes: setting(count(1_000_000), { ...sizes, description: 'A larger key set is refused.' }),
    }),
  }),
  limits: group({
    max_body_bytes: setting(count(1_000_000), {
      ...sizes,
      description: 'A larger body is refused with 413.',
    }),
    max_header_bytes: setting(count(65_536), {
      ...sizes,
      description: 'Larger headers are refused with 431.',
    }),
    max_subgraph_fetches: setting(z.int().min(1).optional(), {
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
    max_height: setting(z.int().min(1).optional(), {
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
    keep_alive_timeout_ms: setting(milliseconds(75_000), {
      ...ms,
      description: 'How long an idle connection is kept; keep it above the load balancer’s.',
    }),
    drain_timeout_ms: setting(milliseconds(30_000), {
      ...ms,
      description: 'After SIGTERM, requests in flight may take this long before the process ends.',
    }),
  }),
  demand_control: group({
    mode: setting(z.enum(['measure', 'enforce']).default('measure'), {
      description: '`enforce` refuses operations that may cost more than `max`, before anything is fetched.',
    }),
    max: setting(z.number().min(0).optional(), {
      unit: 'points',
      defaultText: 'none',
      description: 'What one operation may cost, by `@cost`, `@listSize` and the sizes of lists.',
    }),
    list_size: setting(count(100), {
      unit: 'items',
      description: 'The size of lists that `@listSize` says nothing of.',
    }),
    subgraphs: setting(z.record(subgraphName, subgraphCost).default({}), {
      defaultText: 'none',
      description:
        'What one operation may cost a subgraph, by its name: `{ max, list_size }`. A subgraph for which it costs more is not asked. Engine `compiled` and mode `enforce` only.',
    }),
    response_extension: setting(z.boolean().default(false), {
      description: 'Tell estimated and actual cost in `extensions.cost`.',
    }),
    response_headers: setting(z.boolean().default(false), {
      description: 'Tell them in the headers `X-Cost-Estimated`, `X-Cost-Actual` and `X-Cost-Max`.',
    }),
  }).refine(
    ({ mode, max }) => mode === 'measure' || max !== undefined,
    '`enforce` needs `max`, the cost that is allowed',
  ),
  rate_limit: group({
    budgets: setting(z.array(budget).default([]), {
      defaultText: 'none',
      description:
        'Points that a `user`, `key`, `role`, `client` or `address` may spend: `{ by, points, per_seconds, burst, only, callers }`. All that fit hold together.',
    }),
    weights: setting(z.array(z.strictObject({ ...payerMatch, weight: z.number().min(0) })).default([]), {
      defaultText: 'none',
      description: 'Whose operations cost so many times as much, first that fits: `{ by, only, weight }`.',
    }),
    exempt: setting(z.array(z.strictObject(payerMatch)).default([]), {
      defaultText: 'none',
      description: 'Who pays nothing: `{ by, only }`.',
    }),
    min_points: setting(z.number().min(0).default(1), {
      unit: 'points',
      description: 'The least that an operation is charged which asks a subgraph.',
    }),
    store_failure: setting(z.enum(['local', 'fail_open', 'fail_closed']).default('local'), {
      description: 'While Redis is away: count in each process, admit all, or refuse all with a 503.',
    }),
    max_buckets: setting(count(100_000), {
      unit: 'buckets',
      description: 'Budgets kept in memory; those not used for longest are forgotten.',
    }),
    response_extension: setting(z.boolean().default(false), {
      description: 'Tell of budgets in `extensions.rateLimit` of every answer, not only of refusals.',
    }),
  }),
  persisted_queries: group({
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
    ),
  apq: group({
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
  }),
  redis: group({
    url: setting(z.url({ protocol: /^rediss?$/ }).optional(), {
      env: 'REDIS_URL',
      defaultText: 'none',
      description: 'Where gateways share budgets and persisted queries; in memory without it.',
    }),
    timeout_ms: setting(milliseconds(50), {
      ...ms,
      description: 'A command that takes longer is given up.',
    }),
    key_prefix: setting(z.string().default('tributary:'), { description: 'Of all keys in Redis.' }),
  }),
  client_name_header: setting(z.string().min(1).default('apollographql-client-name'), {
    description: 'The header in which clients give their name.',
  }),
  trusted_proxies: setting(z.array(z.string().min(1)).default([]), {
    description:
      'Addresses and networks of proxies whose `X-Forwarded-For` says the address of the client: `10.0.0.0/8`, `loopback`.',
  }),
  traffic_shaping: group({
    inbound: group({
      timeout_ms: setting(milliseconds(10_000).removeDefault().optional(), {
        ...ms,
        defaultText: 'twice `traffic_shaping.all.timeout_ms`',
        description:
          'A request must be answered in this time; otherwise it is ended with a 504. Keep it above the time of a subgraph.',
      }),
      deduplicate_query: setting(z.boolean().default(false), {
        description:
          'Requests of clients that are equal in everything (URL, every header, address, body) are answered once while they are in flight. Never mutations.',
      }),
    }),
    all: group({
      timeout_ms: setting(milliseconds(5_000), {
        ...ms,
        description: 'One request to a subgraph, from connecting to the last byte.',
      }),
      max_response_bytes: setting(count(10_000_000), {
        ...sizes,
        description: 'A larger answer of a subgraph is refused.',
      }),
      max_connections: setting(count(256), {
        unit: 'connections',
        description: 'Connections to one subgraph.',
      }),
      deduplicate_query: setting(z.boolean().default(true), {
        description:
          'A query to a subgraph waits for the answer to an equal one that is in flight: the same body, and the same headers as they are sent. Never within a mutation. Engine `compiled` only.',
      }),
    }),
  }),
  headers: group({
    all: setting(headerRules.prefault({}), {
      defaultText: 'none',
      description:
        'Rules that apply to requests to every subgraph: `request: [{ propagate: … }, { remove: … }, { insert: … }]`.',
    }),
    subgraphs: setting(z.record(subgraphName, headerRules).default({}), {
      defaultText: 'none',
      description: 'Further rules by subgraph name, applied after those of `all`.',
    }),
  }),
  principal_header: group({
    enabled: setting(z.boolean().default(false), {
      description:
        'Tell subgraphs who asks, in the signed header `x-tributary-principal` ([docs/principal-header.md](../docs/principal-header.md)).',
    }),
    secret: setting(principalSecret.optional(), {
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
  }),
  include_subgraph_errors: group({
    all: setting(z.boolean().optional(), {
      defaultText: '`true`, in production `false`',
      description: 'Show clients what subgraphs report; otherwise `Subgraph errors redacted`.',
    }),
    subgraphs: setting(z.record(subgraphName, z.boolean()).default({}), {
      defaultText: 'none',
      description: 'The same by subgraph name.',
    }),
  }),
  log: group({
    level: setting(z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'), {
      env: 'LOG_LEVEL',
      description: 'What is logged.',
    }),
    format: setting(z.enum(['json', 'pretty']).optional(), {
      env: 'LOG_FORMAT',
      defaultText: '`pretty`, in production `json`',
      description: 'How it is written.',
    }),
  }),
  dev: group({
    subgraphs: setting(
      z
        .record(
          subgraphName,
          z.strictObject({
            command: z.string().min(1),
            cwd: z.string().min(1).optional(),
            watch: z.array(z.string().min(1)).optional(),
          }),
        )
        .default({}),
      {
        defaultText: 'none',
        description:
          'How `tributary dev` starts a subgraph that has no `subgraphs/<name>/subgraph.ts`: `{ command, cwd, watch }`.',
      },
    ),
  }),
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
  readonly include_subgraph_errors: { readonly all: boolean };
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
