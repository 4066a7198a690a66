import { composeSubgraphs } from '../gateway/supergraph/composeSubgraphs.ts';

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])';
const TYPES = 8;

/** A supergraph of many subgraphs, ten types each, in a ring: each extends the entity of the next. */
export function wideSupergraph(subgraphs: number, marker: string): string {
  const result = composeSubgraphs(
    Array.from({ length: subgraphs }, (_, index) => ({
      name: `s${index}`,
      url: `http://127.0.0.1:9/${index}`,
      sdl: subgraphSdl(index, (index + 1) % subgraphs, marker),
    })),
  );
  if (result.kind === 'failed') throw new Error(result.errors.map(({ message }) => message).join('\n'));
  return result.supergraphSdl;
}

function subgraphSdl(own: number, next: number, marker: string): string {
  const types = Array.from({ length: TYPES }, (_, type) => {
    const inner = `S${own}T${(type + 1) % TYPES}`;
    const fields = Array.from(
      { length: TYPES },
      (__, field) => `f${field}(a: Int, b: S${own}In): ${['String', 'Int', inner][field % 3]}`,
    );
    return `type S${own}T${type} { id: ID! ${fields.join(' ')} }`;
  });
  return `${LINK}
    type Query { e${own}(id: ID!): E${own} t${own}: S${own}T0 ${own === 0 ? `${marker}: Int` : ''} }
    type E${own} @key(fields: "id") { id: ID! name: String t: S${own}T0 kind: S${own}Kind next: E${next} }
    type E${next} @key(fields: "id") { id: ID! from${own}: String s${own}: S${own}T1 }
    input S${own}In { a: Int b: [String!] }
    enum S${own}Kind { A B C }
    ${types.join('\n')}`;
}
