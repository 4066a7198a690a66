import { GatewayError } from '../errors.ts';
import type { EntityFetchNode, EntityLookup } from '../plan/queryPlan.ts';
import type { CompileOptions } from './compilePlan.ts';
import { cloneData, type DataObject, isDataObject, mergeInto } from './data.ts';
import type { Execution, Step } from './execution.ts';
import { compileRepresentation, type WriteRepresentation } from './representations.ts';
import { compileBody } from './requestBody.ts';
import { applyRewrites } from './rewrites.ts';
import type { SubgraphResponseError } from './subgraph/subgraphClient.ts';
import { addFetchError, addReportedErrors, type ResponsePath } from './subgraphErrors.ts';
import { compileTargets, type ForEachTarget, targetPaths } from './targets.ts';

interface CompiledLookup extends EntityLookup {
  /** One for each of its paths. */
  readonly walks: readonly ForEachTarget[];
  readonly label: string;
  readonly write: WriteRepresentation;
}

/** What one lookup asks for in one execution: equal representations are sent once, and their answer goes to all. */
interface Asked {
  readonly lookup: CompiledLookup;
  readonly representations: readonly string[];
  /** The objects that each representation is of. */
  readonly targets: readonly (readonly Target[])[];
}

interface Target {
  readonly object: DataObject;
  /** Which of the lookup's paths it stands at. */
  readonly path: number;
}

/** Asks a subgraph for fields of entities that are in the data, and merges them where they were asked for. */
export function compileEntityFetch(node: EntityFetchNode, options: CompileOptions): Step {
  const { subgraph } = node;
  const { types, aliases, send } = options;
  const writeBody = compileBody(node, aliases);
  const lookups = node.lookups.map((lookup) => ({
    ...lookup,
    label: `${JSON.stringify(lookup.variable)}:`,
    write: compileRepresentation(lookup, types),
    walks: lookup.paths.map((path) => compileTargets(path, types)),
  }));

  return (execution) => {
    const asked = lookups.map((lookup) => collect(lookup, execution));
    if (asked.every(({ representations }) => representations.length === 0)) return undefined;
    return fetchEntities(asked, execution);
  };

  async function fetchEntities(asked: readonly Asked[], execution: Execution): Promise<void> {
    const place = (): ResponsePath => placeOf(asked, execution, options);
    const variables = asked
      .map(({ lookup, representations }) => `${lookup.label}[${representations.join(',')}]`)
      .join(',');
    const body = writeBody(execution, variables);
    try {
      const response = await send(subgraph, body, execution.client);
      for (const one of asked) {
        const entities = response.data?.[one.lookup.responseKey];
        if (entities === undefined || entities === null) markFailed(one, execution);
        else takeEntities(entities, one);
      }
      if (response.errors !== undefined || response.failedStatus !== undefined) {
        addReportedErrors(response, {
          execution,
          subgraph,
          place,
          pathsOf: (error) => pathsOf(error, asked, execution),
        });
      }
    } catch (error) {
      for (const one of asked) markFailed(one, execution);
      addFetchError(error, { execution, subgraph, place });
    }
  }

  function takeEntities(entities: unknown, { lookup, representations, targets }: Asked): void {
    if (!Array.isArray(entities) || entities.length !== representations.length) {
      const found = Array.isArray(entities) ? `${entities.length} entities` : `a ${typeof entities}`;
      throw new GatewayError('SUBREQUEST_MALFORMED_RESPONSE', {
        message: `Malformed response from '${subgraph}': ${representations.length} entities were asked for, and ${found} came`,
        subgraph,
        extensions: { reason: 'wrong number of entities' },
      });
    }
    entities.forEach((entity, index) => {
      if (!isDataObject(entity)) return;
      if (lookup.outputRewrites.length > 0) applyRewrites(entity, lookup.outputRewrites, types);
      putEntity(entity, targets[index] ?? []);
    });
  }

  /** Targets at one path are asked for the same later on, and may share what is below the entity; paths may differ in that. */
  function putEntity(entity: DataObject, targets: readonly Target[]): void {
    let path = targets[0]?.path;
    let shared = entity;
    for (const target of targets) {
      if (target.path !== path) {
        path = target.path;
        shared = cloneData(entity);
      }
      mergeInto(target.object, shared, types);
    }
  }

  /** An error in `_entities[i]` is one at every object that representation `i` is of. */
  function pathsOf(
    { path }: SubgraphResponseError,
    asked: readonly Asked[],
    execution: Execution,
  ): readonly ResponsePath[] | undefined {
    const [responseKey, index, ...rest] = path ?? [];
    const one = asked.find(({ lookup }) => lookup.responseKey === responseKey);
    if (one === undefined || typeof index !== 'number') return undefined;
    const inner = rest.map((step) => (typeof step === 'string' ? aliases.responseKeyOf(step) : step));
    const places = one.lookup.paths.map((each) => targetPaths(execution.data, each, { types, ...aliases }));
    return (one.targets[index] ?? []).flatMap(({ object }) =>
      places.flatMap((found) => (found.get(object) ?? []).map((start) => [...start, ...inner])),
    );
  }
}

function collect(lookup: CompiledLookup, { data }: Execution): Asked {
  const indexes = new Map<string, number>();
  const representations: string[] = [];
  const targets: Target[][] = [];
  // an object may stand at several places: below entities that share it, or at several paths
  const seen = new Set<DataObject>();
  lookup.walks.forEach((forEachTarget, path) => {
    forEachTarget(data, (object) => {
      if (seen.has(object)) return;
      seen.add(object);
      const text = lookup.write(object);
      if (text === undefined) return;
      const index = indexes.get(text);
      if (index !== undefined) {
        targets[index]?.push({ object, path });
        return;
      }
      indexes.set(text, representations.length);
      representations.push(text);
      targets.push([{ object, path }]);
    });
  });
  return { lookup, representations, targets };
}

function markFailed({ targets }: Asked, execution: Execution): void {
  for (const places of targets) for (const { object } of places) execution.failed.add(object);
}

/** Where an error of a whole fetch stands: at the first object that it was for, or at the list that holds it. */
function placeOf(
  asked: readonly Asked[],
  execution: Execution,
  { types, aliases }: CompileOptions,
): ResponsePath {
  const lookup = asked.find(({ targets }) => targets.length > 0)?.lookup;
  if (lookup === undefined) return [];
  for (const path of lookup.paths) {
    const [first] = targetPaths(execution.data, path, { types, ...aliases }).values();
    const [place] = first ?? [];
    if (place === undefined) continue;
    const list = place.findIndex((step) => typeof step === 'number');
    return list === -1 ? place : place.slice(0, list);
  }
  return [];
}
