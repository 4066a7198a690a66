// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expansions are written so
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { GatewayError } from '../../../gateway/errors.ts';
import { expandSupergraphConfig } from '../../../gateway/supergraph/config/expandConfig.ts';
import {
  readSupergraphConfig,
  type SupergraphConfig,
} from '../../../gateway/supergraph/config/readSupergraphConfig.ts';

const folder = mkdtempSync(join(tmpdir(), 'tributary-config-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'supergraph.yaml');
const options = { path, env: { TOKEN: 'secret', EMPTY: '' }, bundledVersion: '2.14.4' };

const read = (text: string): SupergraphConfig => readSupergraphConfig(text, options).config;

function refusal(text: string): string {
  try {
    read(text);
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'SUPERGRAPH_CONFIG_INVALID') return error.message;
    throw error;
  }
  throw new Error('accepted');
}

/** A file with one good subgraph and the given lines at its top. */
const withLines = (...lines: string[]): string =>
  [...lines, 'subgraphs:', '  a:', '    routing_url: http://a', '    schema:', '      file: a.graphql'].join(
    '\n',
  );

describe('readSupergraphConfig: shapes', () => {
  // The example is that of federation-rs, apollo-federation-types/src/config/supergraph.rs, tests.
  test('reads the subgraphs in the order of their names', () => {
    const text = `---
subgraphs:
  people:
    schema:
      subgraph_url: https://people.example.com
  films:
    routing_url: https://films.example.com
    schema:
      file: ./good-films.graphql
`;
    expect(read(text)).toEqual({
      path,
      federationVersion: { requested: undefined, composedWith: '2.14.4', notice: undefined },
      subgraphs: [
        {
          name: 'films',
          routingUrl: 'https://films.example.com',
          schema: { kind: 'file', path: join(folder, 'good-films.graphql') },
        },
        {
          name: 'people',
          routingUrl: 'https://people.example.com',
          schema: { kind: 'subgraph_url', url: 'https://people.example.com', headers: {} },
        },
      ],
    });
  });

  test('reads JSON', () => {
    const text = JSON.stringify({
      subgraphs: { a: { routing_url: 'http://a', schema: { sdl: 'type Query { a: Int }' } } },
    });
    expect(read(text).subgraphs).toEqual([
      { name: 'a', routingUrl: 'http://a', schema: { kind: 'sdl', sdl: 'type Query { a: Int }' } },
    ]);
  });

  test('sorts by bytes, as a BTreeMap does, and not by UTF-16 code units', () => {
    const names = ['\u{1F600}', '\uFF5E', 'b', 'a', 'B', '10', '9'].map((end) => `n${end}`);
    const subgraphs = Object.fromEntries(
      names.map((name) => [name, { schema: { subgraph_url: 'http://x' } }]),
    );
    expect(read(JSON.stringify({ subgraphs })).subgraphs.map(({ name }) => name)).toEqual(
      ['10', '9', 'B', 'a', 'b', '\uFF5E', '\u{1F600}'].map((end) => `n${end}`),
    );
  });

  test.each([
    ['file', '{ sdl: s, graphref: g, subgraph: a, subgraph_url: "http://b", file: f }'],
    ['subgraph_url', '{ sdl: s, graphref: g, subgraph: a, subgraph_url: "http://b" }'],
    ['sdl', '{ sdl: s, file: null }'],
  ])('takes %s before the shapes after it', (kind, schema) => {
    const text = `subgraphs: { a: { routing_url: "http://a", schema: ${schema} } }`;
    expect(read(text).subgraphs[0]?.schema.kind).toBe(kind);
  });

  test('ignores unknown keys at every level', () => {
    const text = `
x-vendor: { any: thing }
subgraphs:
  a:
    retries: 3
    schema: { subgraph_url: http://a, timeout: 1s, introspection_headers: { X-Token: "Bearer \${env.TOKEN}" } }
`;
    expect(read(text).subgraphs).toEqual([
      {
        name: 'a',
        routingUrl: 'http://a',
        schema: { kind: 'subgraph_url', url: 'http://a', headers: { 'X-Token': 'Bearer secret' } },
      },
    ]);
  });
});

describe('readSupergraphConfig: federation_version', () => {
  test.each([['2'], ['"2"'], ['latest-2'], ['=2.14.4'], ['v2.14.4'], ['null']])(
    '%s is the bundled one',
    (version) => {
      const { federationVersion } = read(withLines(`federation_version: ${version}`));
      expect(federationVersion.composedWith).toBe('2.14.4');
      expect(federationVersion.notice).toBeUndefined();
    },
  );

  test.each([['=2.9.0'], ['v2.14.3'], ['=2.0.0-preview.9'], ['=2.14.4-rc.1']])(
    '%s is composed with the bundled one, which is said',
    (version) => {
      const { federationVersion } = read(withLines(`federation_version: ${version}`));
      expect(federationVersion.notice).toContain(
        `federation_version ${version} is composed with the bundled composition 2.14.4`,
      );
    },
  );

  // The bound and its sentence: federation-rs, version.rs.
  test.each([
    ['1', 'It is Federation 1'],
    ['0', 'It is Federation 1'],
    ['latest-1', 'It is Federation 1'],
    ['=0.36.0', 'It is Federation 1'],
    ['=1.2.3', 'It is Federation 1'],
    ['=2.0.0-preview.8', "The earliest version you can specify for federation 2 is '=2.0.0-preview.9'"],
    ['=2.14.5', 'It is newer than the bundled composition, 2.14.4'],
    ['=3.0.0', 'It is newer than the bundled composition, 2.14.4'],
    ['2.9', "You can either specify '2', or a fully qualified version prefixed with an '='"],
    ['=2.9', "You can either specify '2', or a fully qualified version prefixed with an '='"],
    ['2.9.0', "You can either specify '2', or a fully qualified version prefixed with an '='"],
    ['latest', "You can either specify '2', or a fully qualified version prefixed with an '='"],
  ])('%s is refused by name', (version, reason) => {
    const message = refusal(withLines(`federation_version: ${version}`));
    expect(message).toContain(
      `Could not parse supergraph config: federation_version: Specified version \`${version}\` is not supported. ${reason}`,
    );
  });

  test('names inline subgraphs that use @link under Federation 1', () => {
    const sdl = 'extend schema @link(url: \\"https://specs.apollo.dev/federation/v2.0\\")';
    const subgraph = `{ routing_url: "http://x", schema: { sdl: "${sdl}" } }`;
    expect(refusal(`federation_version: 1\nsubgraphs: { b: ${subgraph}, a: ${subgraph} }`)).toContain(
      "The 'federation_version' specified (1) is invalid. The following subgraphs contain '@link' directives, which are only valid in Federation 2: a, b",
    );
  });
});

describe('readSupergraphConfig: refusals', () => {
  const schema = (text: string): string => `subgraphs: { a: { routing_url: "http://a", schema: ${text} } }`;

  test.each([
    ['an empty file', '', 'No subgraphs were found in the supergraph config.'],
    ['no subgraphs', 'subgraphs: {}', 'No subgraphs were found in the supergraph config.'],
    ['a list', '- a', 'expected a map, found a list'],
    ['a list of subgraphs', 'subgraphs: [a]', 'subgraphs: expected a map, found a list'],
    ['a subgraph without body', 'subgraphs: { a: }', 'subgraphs.a: expected a map, found nothing'],
    ['a missing schema', 'subgraphs: { a.b: {} }', 'subgraphs["a.b"].schema: missing; write `file`'],
    [
      'a missing routing url',
      'subgraphs: { x: { schema: { sdl: s } } }',
      'Subgraph `x` is missing a routing url',
    ],
    [
      'a number as a path',
      schema('{ file: 5 }'),
      'subgraphs.a.schema.file: expected a string, found the number 5',
    ],
    ['no known shape', schema('{ path: x }'), 'subgraphs.a.schema: expected one of the keys `file`'],
    ['graphref', schema('{ graphref: g@v, subgraph: a }'), '`rover subgraph fetch g@v --name a`'],
    [
      'another scheme',
      schema('{ subgraph_url: "etcd://a" }'),
      'called over http or https, or found by static, dns, srv, kubernetes, consul, zookeeper or eureka; the scheme of',
    ],
    [
      'a URL that its registry cannot take',
      schema('{ subgraph_url: "consul://a?token=x" }'),
      '"consul://a?token=x" has the unknown parameter "token"; there are',
    ],
    [
      'a registry’s URL with a line break',
      schema('{ subgraph_url: "consul://a\\n" }'),
      '"consul://a\n" holds a line break',
    ],
    ['no URL', schema('{ subgraph_url: a }'), 'subgraphs.a.schema.subgraph_url: expected a URL such as'],
    ['a line break in a URL', schema('{ subgraph_url: "http://a\\n" }'), 'expected a URL such as'],
    [
      'a merge key',
      'x: &x { schema: { file: f } }\nsubgraphs: { a: { <<: *x } }',
      'merge keys are not applied',
    ],
    [
      'a line break in a header',
      schema('{ subgraph_url: "http://a", introspection_headers: { A: "b\\r\\nc: d" } }'),
      'subgraphs.a.schema.introspection_headers.A: a header must not contain a line break',
    ],
    [
      'a header name with a blank',
      schema('{ subgraph_url: "http://a", introspection_headers: { "A B": c } }'),
      'is not the name of an HTTP header',
    ],
    [
      'a number as a header',
      schema('{ subgraph_url: "http://a", introspection_headers: { A: 1 } }'),
      'expected a string, found the number 1',
    ],
  ])('refuses %s', (_, text, message) => {
    expect(refusal(text)).toContain(message);
  });

  // Composition was given these names: it refuses them, or prints SDL that does not parse.
  test.each([[''], ['_'], ['__proto__'], ['__typename'], ['üü'], ['a\u0000b']])(
    'refuses the name %j',
    (name) => {
      const text = JSON.stringify({ subgraphs: { [name]: { schema: { subgraph_url: 'http://a' } } } });
      expect(refusal(text)).toMatch(/name|GraphQL/);
    },
  );

  test('reports all problems at once, each with its key', () => {
    const text = `
federation_version: 7
subgraphs:
  a: { schema: { subgraph_url: "\${env.NOT_SET}" } }
  b: { schema: { file: b.graphql } }
`;
    expect(refusal(text)).toBe(
      `Could not parse supergraph config:
  subgraphs.a.schema.subgraph_url: While reading env var NOT_SET for variable expansion: environment variable not found. Set the NOT_SET environment variable
  federation_version: Specified version \`7\` is not supported. You can either specify '2', or a fully qualified version prefixed with an '=', like: =2.14.4
  subgraphs.b.routing_url: Subgraph \`b\` is missing a routing url`,
    );
  });

  test('gives line and column of a syntax error', () => {
    expect(refusal('subgraphs:\n\ta: 1')).toBe(
      'Could not parse supergraph config: Tabs are not allowed as indentation at line 2, column 1',
    );
  });
});

describe('readSupergraphConfig: files of expansions', () => {
  test('are read from the folder of the configuration and are named as dependencies', () => {
    writeFileSync(join(folder, 'url.txt'), 'http://from-file');
    const text =
      'x: "${file.missing.txt:-y}"\nsubgraphs: { a: { schema: { subgraph_url: "${file.url.txt}" } } }';
    const { config, dependsOn } = readSupergraphConfig(text, options);
    expect(config.subgraphs[0]?.routingUrl).toBe('http://from-file');
    expect(dependsOn).toEqual([join(folder, 'missing.txt'), join(folder, 'url.txt')]);
  });

  test('are refused when they are folders', () => {
    expect(refusal(withLines('x: "${file..}"'))).toContain('it is not a regular file');
  });
});

describe('expandSupergraphConfig', () => {
  // Input and output: rover, src/utils/expansion.rs, supergraph_config_header_injection (shortened).
  test('gives the parsed file with its values expanded', () => {
    const text = `federation_version: =2.4.7
subgraphs:
  products:
    schema:
      subgraph_url: http://localhost:4001
      introspection_headers:
        Router-Authorization: \${env.PRODUCTS_AUTHORIZATION:-test}`;
    expect(expandSupergraphConfig(text, options)).toEqual({
      expanded: {
        federation_version: '=2.4.7',
        subgraphs: {
          products: {
            schema: {
              subgraph_url: 'http://localhost:4001',
              introspection_headers: { 'Router-Authorization': 'test' },
            },
          },
        },
      },
      dependsOn: [],
    });
  });

  test('refuses an unset variable', () => {
    expect(() => expandSupergraphConfig('a: ${env.NOT_SET}', options)).toThrow(
      'Set the NOT_SET environment variable',
    );
  });
});
