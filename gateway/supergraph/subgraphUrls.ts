import { type ConstDirectiveNode, type DocumentNode, Kind } from 'graphql';

/**
 * URLs by subgraph name, from the supergraph's enum `join__Graph`.
 * Source: join specification v0.3, `@join__graph(name:, url:)`, https://specs.apollo.dev/join/v0.3/
 */
export function subgraphUrls(supergraph: DocumentNode): ReadonlyMap<string, string> {
  const urls = new Map<string, string>();
  for (const definition of supergraph.definitions) {
    if (definition.kind !== Kind.ENUM_TYPE_DEFINITION || definition.name.value !== 'join__Graph') continue;
    for (const { directives } of definition.values ?? []) {
      const graph = directives?.find(({ name }) => name.value === 'join__graph');
      const name = graph && argument(graph, 'name');
      const url = graph && argument(graph, 'url');
      if (name !== undefined && url !== undefined) urls.set(name, url);
    }
  }
  return urls;
}

function argument(directive: ConstDirectiveNode, name: string): string | undefined {
  const value = directive.arguments?.find((each) => each.name.value === name)?.value;
  return value?.kind === Kind.STRING ? value.value : undefined;
}
