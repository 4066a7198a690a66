// biome-ignore-all lint/suspicious/noTemplateCurlyInString: descriptions show the syntax of expansions
import { discoveryBackends } from '../discoveryBackends.ts';

/** A pattern for strings that are written out, or come from an expansion and are checked when it is done. */
const orExpansion = (pattern: string): string => `^(?:${pattern})|\\$\\{`;

const schemes = discoveryBackends.map(({ scheme }) => scheme).join('|');
const url = {
  type: 'string',
  pattern: orExpansion(`https?://[^\\s/?#][^\\s]*$|(?:${schemes}):.+$`),
} as const;

const routingUrl =
  'Where the gateway sends the requests for this subgraph: a URL, or where its instances are found, such as consul://reviews. Defaults to `subgraph_url` of the schema, and is required for the other kinds.';
const schemaSource =
  'Where the SDL comes from. If several keys are there: file, then subgraph_url, then sdl.';

/**
 * JSON Schema of supergraph.yaml for editors, as `config schema` prints it. It describes the file before expansion, and
 * accepts what `readSupergraphConfig` accepts, as far as the shape tells.
 */
export const supergraphConfigJsonSchema = Object.freeze({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'supergraph.yaml',
  description:
    'The subgraphs of a supergraph, in the format of Rover. Values, never keys, may hold ${env.NAME}, ${env.NAME:-default}, ${file.path} and ${file.path:-default}.',
  type: 'object',
  required: ['subgraphs'],
  properties: {
    federation_version: {
      description:
        'The composition to use: 2 (also if it is missing), or an exact version such as =2.9.0. Exact versions up to the bundled one are composed with the bundled one; Federation 1 and newer versions are refused.',
      anyOf: [
        { enum: [2, '2', 'latest-2', null] },
        { type: 'string', pattern: orExpansion('[=v]2\\.\\d+\\.\\d+(?:[-+][0-9A-Za-z.+-]+)?$') },
      ],
    },
    subgraphs: {
      description: 'The subgraphs by name. At least one.',
      type: 'object',
      minProperties: 1,
      propertyNames: { pattern: '^(?!<<$)(?![^A-Za-z0-9]{2})(?!_$)[^\\u0000-\\u001f\\u007f-\\u009f]+$' },
      additionalProperties: { $ref: '#/definitions/subgraph' },
    },
  },
  definitions: {
    subgraph: {
      anyOf: [
        {
          type: 'object',
          required: ['routing_url', 'schema'],
          properties: {
            routing_url: { description: routingUrl, ...url },
            schema: {
              description: schemaSource,
              anyOf: [
                { $ref: '#/definitions/file' },
                { $ref: '#/definitions/subgraphUrl' },
                { $ref: '#/definitions/sdl' },
              ],
            },
          },
        },
        {
          type: 'object',
          required: ['schema'],
          properties: {
            routing_url: { description: routingUrl, anyOf: [url, { enum: ['', null] }] },
            schema: { description: schemaSource, $ref: '#/definitions/subgraphUrl' },
          },
        },
      ],
    },
    file: {
      type: 'object',
      required: ['file'],
      properties: {
        file: { description: 'Path of an SDL file, relative to this file.', type: 'string', minLength: 1 },
      },
    },
    subgraphUrl: {
      type: 'object',
      required: ['subgraph_url'],
      properties: {
        subgraph_url: {
          description:
            'Address of the running subgraph, which is asked for its SDL with { _service { sdl } }.',
          ...url,
        },
        introspection_headers: {
          description: 'Headers of the request for the SDL. Requests of clients do not get them.',
          type: ['object', 'null'],
          propertyNames: { pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" },
          additionalProperties: { type: 'string', pattern: '^[^\\r\\n]*$' },
        },
      },
    },
    sdl: {
      type: 'object',
      required: ['sdl'],
      properties: { sdl: { description: 'The SDL itself.', type: 'string' } },
    },
  },
} as const);
