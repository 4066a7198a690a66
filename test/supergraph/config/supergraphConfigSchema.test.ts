// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expansions are written so
import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { parseConfigText } from '../../../gateway/supergraph/config/parseConfigText.ts';
import { readSupergraphConfig } from '../../../gateway/supergraph/config/readSupergraphConfig.ts';
import { supergraphConfigJsonSchema } from '../../../gateway/supergraph/config/supergraphConfigSchema.ts';

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];
const schema = z.fromJSONSchema(structuredClone(supergraphConfigJsonSchema) as unknown as JsonSchema);

function accepts(text: string): { reader: boolean; schema: boolean } {
  let reader = true;
  try {
    readSupergraphConfig(text, { path: '/x/supergraph.yaml', env: {}, bundledVersion: '2.14.4' });
  } catch {
    reader = false;
  }
  return { reader, schema: schema.safeParse(parseConfigText(text).value).success };
}

const one = (body: string): string => `subgraphs: { a: ${body} }`;
const withVersion = (version: string): string =>
  `federation_version: ${version}\n${one('{ schema: { subgraph_url: "http://a" } }')}`;

describe('supergraphConfigJsonSchema agrees with the reader', () => {
  test.each([
    one('{ routing_url: "http://a", schema: { file: f } }'),
    one('{ routing_url: "http://a", schema: { sdl: s }, unknown: 1 }'),
    one('{ schema: { subgraph_url: "https://a/graphql", introspection_headers: { A: b } } }'),
    one('{ routing_url: "${env.A:-http://a}", schema: { file: f } }'),
    one('{ routing_url: "consul://reviews/graphql?tag=a", schema: { file: f } }'),
    one('{ routing_url: "static:http://a/graphql, http://b/graphql", schema: { sdl: s } }'),
    one('{ schema: { subgraph_url: "eureka://REVIEWS" } }'),
    withVersion('2'),
    withVersion('"2"'),
    withVersion('latest-2'),
    withVersion('=2.9.0'),
    withVersion('v2.9.0'),
    withVersion('=2.9.0-preview.1'),
    withVersion('"${env.V:-2}"'),
  ])('both accept %s', (text) => {
    expect(accepts(text)).toEqual({ reader: true, schema: true });
  });

  test.each([
    '{}',
    '[]',
    'subgraphs: {}',
    'subgraphs: []',
    one('{ schema: { file: f } }'),
    one('{ routing_url: 1, schema: { file: f } }'),
    one('{ routing_url: "http://a" }'),
    one('{ routing_url: "http://a", schema: {} }'),
    one('{ routing_url: "http://a", schema: { file: 1 } }'),
    one('{ routing_url: "http://a", schema: { graphref: a, subgraph: b } }'),
    one('{ routing_url: "etcd://a", schema: { file: f } }'),
    one('{ schema: { subgraph_url: a } }'),
    one('{ schema: { subgraph_url: "http://a", introspection_headers: { A: 1 } } }'),
    'subgraphs: { _: { schema: { subgraph_url: "http://a" } } }',
    'subgraphs: { "": { schema: { subgraph_url: "http://a" } } }',
    'subgraphs: { __a: { schema: { subgraph_url: "http://a" } } }',
    withVersion('1'),
    withVersion('2.9'),
    withVersion('=2.9'),
    withVersion('=0.36.0'),
  ])('both refuse %s', (text) => {
    expect(accepts(text)).toEqual({ reader: false, schema: false });
  });
});
