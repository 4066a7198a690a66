// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expansions are written so
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { GatewayError } from '../gateway/errors.ts';
import { type ReadSettingsOptions, readSettings } from '../gateway/settings.ts';
import { listSettings, type Settings } from '../gateway/settingsSchema.ts';
import { markdownTable, tableUnder } from './support/markdownTable.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tributary-settings-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Reads settings of a file that holds the text. */
function read(text: string, options: Partial<ReadSettingsOptions> = {}): Settings {
  writeFileSync(path.join(folder, 'gateway.yaml'), text);
  return readSettings({ env: {}, cwd: folder, ...options });
}

/** What a user reads of refused settings, with `FILE` for the path. */
function refusal(text: string, options: Partial<ReadSettingsOptions> = {}): string {
  try {
    read(text, options);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    expect(error.code).toBe('SETTINGS_INVALID');
    return error.message.replaceAll(path.join(folder, 'gateway.yaml'), 'FILE');
  }
  throw new Error('the settings were accepted');
}

describe('settings: the file', () => {
  test.each(['', '# nothing but a comment\n', '\n\n'])('the text %j holds no settings', (text) => {
    expect(read(text).listen).toEqual({ host: '127.0.0.1', port: 4000, path: '/graphql' });
  });

  test('need not exist', () => {
    const settings = readSettings({ env: {}, cwd: path.join(folder, 'nothing') });
    expect([settings.path, settings.listen.port]).toEqual([undefined, 4000]);
  });

  test('must exist where it is named', () => {
    expect(() => readSettings({ env: {}, cwd: folder, file: 'mine.yaml' })).toThrow(
      /^The settings file .*mine\.yaml could not be read: .*ENOENT/,
    );
  });

  test('keeps the defaults of what it does not say', () => {
    expect(read('limits: { max_tokens: 10 }').limits).toMatchObject({
      max_body_bytes: 1_000_000,
      max_header_bytes: 65_536,
      max_tokens: 10,
      headers_timeout_ms: 10_000,
      request_timeout_ms: 30_000,
      keep_alive_timeout_ms: 75_000,
      drain_timeout_ms: 30_000,
    });
  });

  test('of more than 1,000,000 bytes is refused', () => {
    expect(refusal(`#${'x'.repeat(1_000_000)}`)).toBe(
      'The settings file FILE could not be read: it is larger than 1000000 bytes',
    );
  });

  test.each(['- a\n', '7\n'])('%j is refused, as no map', (text) => {
    expect(refusal(text)).toBe('FILE cannot be used: expected a map of settings');
  });

  test('that is not YAML is refused with the place', () => {
    expect(refusal('listen: {\n  port: 1\n')).toMatch(/^FILE cannot be used: .* at line \d+, column \d+/s);
  });
});

describe('settings: what is refused', () => {
  const refused: readonly [string, string][] = [
    ['lissten: {}', 'lissten: is not a setting'],
    ['listen: { prt: 1 }', 'listen.prt: is not a setting'],
    ['__proto__: { port: 1 }', '__proto__: is not a setting'],
    ['listen: { port: 70000 }', 'listen.port: expected a number from 0 to 65535'],
    ['listen: { port: "4000" }', 'listen.port: expected a number from 0 to 65535'],
    ['listen: { port: 1.5 }', 'listen.port: expected a number from 0 to 65535'],
    ['listen: { path: graphql }', 'listen.path: is not a path such as /graphql'],
    ['listen: 7', 'listen: Invalid input: expected object, received number'],
    ['limits: { max_body_bytes: 0 }', 'limits.max_body_bytes: Too small: expected number to be >=1'],
    ['limits: { drain_timeout_ms: -1 }', 'limits.drain_timeout_ms: Too small: expected number to be >=1'],
    [
      'headers: { all: { request: [{ propagate: { named: host } }] } }',
      'headers.all.request[0].propagate.named: is a header that the gateway writes by itself',
    ],
    [
      'headers: { subgraphs: { products: { request: [{ insert: { name: x-a } }] } } }',
      'headers.subgraphs.products.request[0].insert: takes exactly one of `value`, `from_context`, `claim` and `path`',
    ],
    [
      'include_subgraph_errors: { all: { redact_message: true, allow_extensions_keys: [], deny_extensions_keys: [] } }',
      'include_subgraph_errors.all: takes one of `allow_extensions_keys` and `deny_extensions_keys`, not both',
    ],
    [
      'include_subgraph_errors: { all: { allow_extensions_keys: [] } }',
      'include_subgraph_errors.all: expected true, false, or `{ redact_message, allow_extensions_keys | deny_extensions_keys }`',
    ],
    [
      'include_subgraph_errors: { all: { redact_message: true }, subgraphs: { p: { allow_extensions_keys: [], deny_extensions_keys: [] } } }',
      'include_subgraph_errors.subgraphs.p: takes one of `allow_extensions_keys` and `deny_extensions_keys`, not both',
    ],
    [
      'include_subgraph_errors: { all: false, subgraphs: { r: true, p: { redact_message: true } } }',
      'include_subgraph_errors.subgraphs.p: must be true or false where `include_subgraph_errors.all` is',
    ],
    [
      'include_subgraph_errors: { subgraphs: { p: { redact_message: true } } }',
      'include_subgraph_errors.subgraphs.p: must be true or false where `include_subgraph_errors.all` is',
    ],
    [
      'cors: { origins: ["*"], credentials: true }',
      'cors: `credentials` with the origin `*` would let every site act as the user',
    ],
  ];

  test.each(refused)('%s', (text, message) => {
    expect(refusal(text).replace(/expected (int|number)/, 'expected int')).toBe(
      `FILE cannot be used: ${message.replace(/expected (int|number)/, 'expected int')}`,
    );
  });

  test('all of it at once, one problem a line', () => {
    expect(refusal('lissten: {}\nintrospection: maybe\n').split('\n').slice(0, 3).sort()).toEqual([
      '  introspection: expected true, false, all, permitted or off',
      '  lissten: is not a setting',
      'FILE cannot be used:',
    ]);
  });
});

describe('settings: expansions', () => {
  test('of a number or a boolean are read as one, and a text that looks like a number stays a text', () => {
    const text = `
      listen: { port: "\${env.GATEWAY_PORT:-4100}" }
      introspection: "\${env.INTROSPECTION:-false}"
      headers: { all: { request: [{ insert: { name: x-key, value: "\${env.KEY:-0042}" } }] } }`;
    const settings = read(text);

    expect([
      settings.listen.port,
      settings.introspection,
      settings.headers.all.request[0]?.insert?.value,
    ]).toEqual([4100, 'off', '0042']);
  });

  test('that give no number where one is wanted are refused', () => {
    expect(refusal('listen: { port: "${env.GATEWAY_PORT:-many}" }')).toBe(
      'FILE cannot be used: listen.port: expected a number from 0 to 65535',
    );
  });

  test('`${env.X:-d}` is the variable, or else the default', () => {
    const text = 'supergraph: { config: "${env.GRAPH:-other.yaml}" }';
    expect([
      read(text).supergraph.config,
      read(text, { env: { GRAPH: 'mine.yaml' } }).supergraph.config,
    ]).toEqual(['other.yaml', 'mine.yaml']);
  });

  test('a variable that is not set is refused with the key', () => {
    expect(refusal('supergraph: { config: "${env.GRAPH}" }')).toMatch(
      /^FILE cannot be used: supergraph\.config: .*GRAPH/,
    );
  });
});

describe('settings: environment and flags', () => {
  test('the environment wins over the file, and flags over both', () => {
    const text = 'listen: { host: file, port: 1 }\nsupergraph: { config: file.yaml }';
    const { listen, supergraph } = read(text, {
      env: { HOST: 'env', PORT: '2', SUPERGRAPH_CONFIG: 'env.yaml' },
      flags: { 'supergraph.config': 'flag.yaml', 'listen.host': undefined },
    });
    expect([listen, supergraph.config]).toEqual([{ host: 'env', port: 2, path: '/graphql' }, 'flag.yaml']);
  });

  test('a secret that is too short is refused by the name of its variable, and not printed', () => {
    expect(refusal('', { env: { PRINCIPAL_SECRET: 'S3CR3T' } })).toBe(
      'FILE cannot be used: PRINCIPAL_SECRET: must have 32 bytes or more',
    );
  });

  test('`workers` is a number or `auto`', () => {
    expect([read('workers: auto').workers, read('workers: 4').workers]).toEqual(['auto', 4]);
    expect(() => read('workers: many')).toThrow(/workers/);
  });

  // Over the list, so that a new variable is tested by being listed.
  const valid: Readonly<Record<string, string>> = {
    PORT: '4100',
    TRIBUTARY_WORKERS: '3',
    LOG_LEVEL: 'warn',
    LOG_FORMAT: 'json',
    CONSUL_HTTP_ADDR: '10.0.0.2:8500',
    ZOOKEEPER_SERVERS: 'zk1:2181,zk2:2181/prod',
    EUREKA_URL: 'http://10.0.0.2:8761/eureka,http://10.0.0.3:8761/eureka',
    PRINCIPAL_SECRET: 'x'.repeat(32),
    REDIS_URL: 'redis://127.0.0.1:6379/0',
  };
  const variables = listSettings().flatMap(({ key, notes }) =>
    notes.env === undefined ? [] : [{ key, env: notes.env, value: valid[notes.env] ?? 'value' }],
  );

  test.each(variables)('$env sets `$key`', ({ key, env, value }) => {
    const found = key
      .split('.')
      .reduce<unknown>(
        (map, step) => (map as Record<string, unknown>)[step],
        read('', { env: { [env]: value } }),
      );
    expect(String(found)).toBe(value);
  });

  test('an empty variable sets nothing', () => {
    expect(read('', { env: { HOST: '', PORT: '' } }).listen).toEqual({
      host: '127.0.0.1',
      port: 4000,
      path: '/graphql',
    });
  });

  test('a wrong variable is refused by its own name', () => {
    expect(refusal('', { env: { PORT: 'high', LOG_LEVEL: 'loud' } })).toMatch(
      /^FILE cannot be used:\n {2}PORT: .*\n {2}LOG_LEVEL: /,
    );
  });

  test('a wrong flag is refused by its key', () => {
    expect(refusal('', { env: { PORT: '1' }, flags: { 'listen.port': -1 } })).toMatch(
      /^FILE cannot be used: listen\.port: /,
    );
  });

  test('a map that is none is refused, and not overwritten', () => {
    expect(refusal('listen: 7', { env: { PORT: '4100' } })).toBe(
      'FILE cannot be used: listen: Invalid input: expected object, received number',
    );
  });
});

describe('settings: production', () => {
  const dangerous = ({
    introspection,
    expose_query_plan,
    explorer,
    include_subgraph_errors,
    log,
  }: Settings) => ({
    introspection,
    expose_query_plan,
    sandbox: explorer.sandbox,
    graphiql: explorer.graphiql,
    subgraphErrors: include_subgraph_errors.all,
    format: log.format,
  });

  test('hides what development shows', () => {
    expect([read(''), read('', { env: { NODE_ENV: 'production' } })].map(dangerous)).toEqual([
      {
        introspection: 'all',
        expose_query_plan: true,
        sandbox: true,
        graphiql: true,
        subgraphErrors: true,
        format: 'pretty',
      },
      {
        introspection: 'off',
        expose_query_plan: false,
        sandbox: false,
        graphiql: false,
        subgraphErrors: false,
        format: 'json',
      },
    ]);
  });

  test('leaves what the file says', () => {
    const text =
      'introspection: true\nexpose_query_plan: true\nexplorer: { sandbox: true, graphiql: true }\n' +
      'include_subgraph_errors: { all: true }\nlog: { format: pretty }\n';
    expect(dangerous(read(text, { env: { NODE_ENV: 'production' } }))).toEqual(dangerous(read('')));
  });
});

describe('settings: in force', () => {
  test('cannot be changed at any depth', () => {
    const settings = read('headers: { all: { request: [{ propagate: { matching: "x-.*" } }] } }');
    const open: string[] = [];
    const walk = (value: unknown, key: string): void => {
      // a compiled pattern keeps its own state
      if (typeof value !== 'object' || value === null || value instanceof RegExp) return;
      if (!Object.isFrozen(value)) open.push(key);
      for (const [name, inner] of Object.entries(value)) walk(inner, `${key}.${name}`);
    };
    walk(settings, 'settings');
    expect(open).toEqual([]);
  });
});

describe('settings: the README', () => {
  const code = (text: string | undefined): string => (text === undefined ? '' : `\`${text}\``);
  const expected = markdownTable(
    ['Key', 'Default', 'Unit', 'Environment', 'What it does'],
    listSettings().map(({ key, defaultText, notes }) => [
      code(key),
      defaultText,
      notes.unit ?? '',
      code(notes.env),
      notes.description,
    ]),
  );

  test('lists every setting, in the order of the schema', () => {
    const readme = readFileSync(path.resolve(import.meta.dirname, '../gateway/README.md'), 'utf8');
    const found = tableUnder('## Settings', readme);
    if (found !== expected) {
      throw new Error(`The table under "## Settings" in gateway/README.md has to be:\n\n${expected}\n`);
    }
  });
});
