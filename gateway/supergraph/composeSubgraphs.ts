import { composeServices } from '@apollo/composition';
import { type ASTNode, type DocumentNode, GraphQLError, getLocation, parse, Source, visit } from 'graphql';
import type { CompositionInput, CompositionProblem, CompositionResult, ProblemPlace } from './composition.ts';

/** A subgraph with its parsed SDL. */
interface ParsedSubgraph {
  readonly name: string;
  readonly url: string;
  readonly typeDefs: DocumentNode;
}

/**
 * Composes in the calling thread. Syntax errors of all subgraphs are reported together, then errors of composition.
 */
export function composeSubgraphs(inputs: readonly CompositionInput[]): CompositionResult {
  const errors: CompositionProblem[] = [];
  const parsed: ParsedSubgraph[] = [];
  for (const { name, url, sdl } of inputs) {
    try {
      parsed.push({ name, url, typeDefs: parse(new Source(sdl, name)) });
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      const places = (error.locations ?? []).map((location) => ({ subgraph: name, ...location }));
      errors.push({ code: 'INVALID_GRAPHQL', message: `[${name}] ${error.message}`, places });
    }
  }
  if (errors.length > 0) return { kind: 'failed', errors };

  const result = composeServices(parsed);
  if (result.errors !== undefined) {
    return {
      kind: 'failed',
      errors: result.errors.map((error) => ({
        code: typeof error.extensions?.code === 'string' ? error.extensions.code : 'INVALID_GRAPHQL',
        message: error.message,
        places: placesOf(error.nodes ?? [], error.message, parsed),
      })),
    };
  }
  return {
    kind: 'composed',
    supergraphSdl: result.supergraphSdl,
    hints: result.hints.map((hint) => ({
      code: hint.definition.code,
      message: hint.message,
      places: placesOf(hint.nodes ?? [], hint.message, parsed),
    })),
  };
}

/**
 * Where the problem stands: the nodes that composition names, or else the definitions of the coordinates its message names
 * (errors of satisfiability, for one, carry no nodes: `cannot find field "Product.price"`).
 */
function placesOf(
  nodes: readonly ASTNode[],
  message: string,
  subgraphs: readonly ParsedSubgraph[],
): ProblemPlace[] {
  const places = nodes.flatMap((node) => placeOf(node, subgraphs) ?? []);
  return places.length > 0 ? withoutRepeats(places) : placesNamedIn(message, subgraphs);
}

function placeOf(
  node: ASTNode & { subgraph?: string },
  subgraphs: readonly ParsedSubgraph[],
): ProblemPlace | undefined {
  if (node.loc === undefined) return undefined;
  // Composition marks most nodes with their subgraph; `Source.name` is the subgraph too, set above.
  const subgraph = node.subgraph ?? node.loc.source.name;
  if (!subgraphs.some(({ name }) => name === subgraph)) return undefined;
  const { line, column } = getLocation(node.loc.source, node.loc.start);
  return { subgraph, line, column };
}

function placesNamedIn(message: string, subgraphs: readonly ParsedSubgraph[]): ProblemPlace[] {
  const coordinates = new Set(Array.from(message.matchAll(/"(\w+(?:\.\w+)?)[("]/g), ([, name]) => name));
  // `[products] ...` or `from subgraph "products"`: only there, if the message says so
  const named = subgraphs.filter(
    ({ name }) => message.startsWith(`[${name}]`) || message.includes(`subgraph "${name}"`),
  );
  for (const candidates of [named, subgraphs]) {
    const places = candidates.flatMap((subgraph) => definitionsOf(coordinates, subgraph));
    if (places.length > 0) return withoutRepeats(places);
  }
  return named.map(({ name }) => ({ subgraph: name, line: 1, column: 1 }));
}

function definitionsOf(
  coordinates: ReadonlySet<string | undefined>,
  subgraph: ParsedSubgraph,
): ProblemPlace[] {
  const fields: ProblemPlace[] = [];
  const types: ProblemPlace[] = [];
  let typeName = '';
  visit(subgraph.typeDefs, {
    enter(node) {
      if ('name' in node && /TypeDefinition|TypeExtension/.test(node.kind)) {
        typeName = node.name?.value ?? '';
        if (coordinates.has(typeName)) types.push(...[placeOf(node, [subgraph]) ?? []].flat());
      }
      if (node.kind === 'FieldDefinition' && coordinates.has(`${typeName}.${node.name.value}`)) {
        fields.push(...[placeOf(node, [subgraph]) ?? []].flat());
      }
    },
  });
  return fields.length > 0 ? fields : types;
}

function withoutRepeats(places: readonly ProblemPlace[]): ProblemPlace[] {
  const seen = new Map(places.map((place) => [`${place.subgraph}:${place.line}:${place.column}`, place]));
  return [...seen.values()];
}
