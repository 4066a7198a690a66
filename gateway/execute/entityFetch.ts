import { GatewayError } from '../errors.ts';
import type { EntityFetchNode, EntityLookup } from '../plan/queryPlan.ts';
import type { CompileOptions, NodeOptions } from './compilePlan.ts';
import { keepsDigits } from './customScalars.ts';
import { cloneData, type DataObject, isDataObject, isEqualData, mergeInto } from './data.ts';
import type { Execution, Step } from './execution.ts';
import { type CompiledRepresentations, compileRepresentations, Representations } from './representations.ts';
import { compileBody } from './requestBody.ts';
import { applyRewrites } from './rewrites.ts';
import type { SubgraphResponseError } from './subgraph/subgraphRequest.ts';
import { addFetchError, addReportedErrors, type ResponsePath } from './subgraphErrors.ts';
import { compileTargets, type ForEachTarget, targetPaths } from './targets.ts';

interface CompiledLookup extends EntityLookup {
  /** One for each of its paths, in an order of their own. */
  readonly walks: readonly Walk[];
  readonly label: string;
  readonly represent: CompiledRepresentations;
}

interface Walk {
  readonly forEachTarget: ForEachTarget;
  /** Whether equal objects at the path may become one. */
  readonly unites: boolean;
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
  /** Which of the walks found it. */
  readonly path: number;
}

/** Asks a subgraph for fields of entities that are in the data, and merges them where they were asked for. */
export function compileEntityFetch(node: EntityFetchNode, options: NodeOptions): Step {
  const { subgraph } = node;
  const { types, aliases, customScalarFields, send, mayUnite } = options;
  const writeBody = compileBody(node, aliases);
  const hasCustomScalars = keepsDigits(node.operation, customScalarFields);
  const lookups = node.lookups.map((lookup) => ({
    ...lookup,
    label: `${JSON.stringify(lookup.variable)}:`,
    represent: compileRepresentations(lookup, types),
    // the shortest paths first: what becomes one object there is walked once below
    walks: lookup.paths
      .toSorted((a, b) => a.length - b.length)
      .map((path) => ({ forEachTarget: compileTargets(path, types), unites: mayUnite(path) })),
  }));

  return (execution) => {
    let asked: readonly Asked[];
    try {
      asked = lookups.map((lookup) => collect(lookup, execution));
    } catch (error) {
      // what another subgraph gave for a required field nests too deeply to be sent
      addFetchError(error, { execution, subgraph, places: () => placesOf(lookups, execution, options) });
      return undefined;
    }
    if (asked.every(({ representations }) => representations.length === 0)) return undefined;
    return fetchEntities(asked, execution);
  };

  async function fetchEntities(asked: readonly Asked[], execution: Execution): Promise<void> {
    const places = (): readonly ResponsePath[] =>
      placesOf(
        asked.filter(({ targets }) => targets.length > 0).map(({ lookup }) => lookup),
        execution,
        options,
      );
    const variables = asked
      .map(({ lookup, representations }) => `${lookup.label}[${representations.join(',')}]`)
      .join(',');
    const body = writeBody(execution, variables);
    try {
      const response = await send(node, { body, keepsDigits: hasCustomScalars }, execution.caller);
      for (const one of asked) {
        const entities = response.data?.[one.lookup.responseKey];
        const isNull = entities === undefined || entities === null;
        // an error tells why there is nothing, if the subgraph gives one
        if (isNull && (response.errors !== undefined || response.failedStatus !== undefined)) {
          markFailed(one, execution);
        } else takeEntities(entities, one, execution);
      }
      if (response.errors !== undefined || response.failedStatus !== undefined) {
        const isAllTold = addReportedErrors(response, {
          execution,
          subgraph,
          places,
          pathsOf: pathsFinder(asked, execution),
        });
        if (!isAllTold) for (const one of asked) markFailed(one, execution);
      }
    } catch (error) {
      for (const one of asked) markFailed(one, execution);
      addFetchError(error, { execution, subgraph, places });
    }
  }

  function takeEntities(
    entities: unknown,
    { lookup, representations, targets }: Asked,
    execution: Execution,
  ): void {
    const asked = `${representations.length} entities were asked for`;
    if (!Array.isArray(entities) || entities.length !== representations.length) {
      const found = Array.isArray(entities) ? `${entities.length} entities` : kindOf(entities);
      throw malformed(`${asked}, and ${found} came`, 'wrong number of entities');
    }
    const wrong: unknown = entities.find((entity) => entity !== null && !isDataObject(entity));
    if (wrong !== undefined)
      throw malformed(`${asked}, and ${kindOf(wrong)} is one`, 'an entity is no object');
    entities.forEach((entity, index) => {
      if (!isDataObject(entity)) return;
      if (lookup.outputRewrites.length > 0) applyRewrites(entity, lookup.outputRewrites, types);
      putEntity(entity, targets[index] ?? [], execution);
    });
  }

  function malformed(what: string, reason: string): GatewayError {
    return new GatewayError('SUBREQUEST_MALFORMED_RESPONSE', {
      message: `Malformed response from '${subgraph}': ${what}`,
      subgraph,
      extensions: { reason },
    });
  }

  /** Targets at one path are asked for the same later on, and may share what is below the entity; paths may differ in that. */
  function putEntity(entity: DataObject, targets: readonly Target[], { shared }: Execution): void {
    const [first] = targets;
    if (first === undefined) return;
    if (targets.length > 1) shareValues(entity, shared);
    let { path } = first;
    let source = entity;
    for (const target of targets) {
      if (target.path !== path) {
        path = target.path;
        source = cloneData(entity);
        shareValues(source, shared);
      }
      mergeInto(target.object, source, types);
    }
  }

  /** An error in `_entities[i]` is one at every object that representation `i` is of. The data are walked once for all errors. */
  function pathsFinder(
    asked: readonly Asked[],
    execution: Execution,
  ): (error: SubgraphResponseError) => readonly ResponsePath[] | undefined {
    const placesOfLookup = new Map<CompiledLookup, readonly PathsByObject[]>();
    const placesIn = (lookup: CompiledLookup): readonly PathsByObject[] => {
      let places = placesOfLookup.get(lookup);
      if (places === undefined) {
        places = lookup.paths.map((each) => targetPaths(execution.data, each, { types, ...aliases }));
        placesOfLookup.set(lookup, places);
      }
      return places;
    };
    return ({ path }) => {
      const [responseKey, index, ...rest] = path ?? [];
      const one = asked.find(({ lookup }) => lookup.responseKey === responseKey);
      if (one === undefined || typeof index !== 'number') return undefined;
      const inner = rest.map((step) => (typeof step === 'string' ? aliases.responseKeyOf(step) : step));
      return (one.targets[index] ?? []).flatMap(({ object }) =>
        placesIn(one.lookup).flatMap((found) =>
          (found.get(object) ?? []).map((start) => [...start, ...inner]),
        ),
      );
    };
  }
}

type PathsByObject = ReturnType<typeof targetPaths>;

/**
 * Finds what a lookup asks for. Objects at one path that have one representation are mostly equal in all: the author of many
 * reviews comes with each of them. Equal ones become one object here, so that walking, merging and writing go on with
 * distinct objects instead of occurrences: on the bench operation that is a third of the gateway's processor time. Equality is
 * seen, not assumed, as a subgraph may tell an entity differently at each of its places.
 */
function collect(lookup: CompiledLookup, { data, shared }: Execution): Asked {
  const representations = new Representations(lookup.represent);
  const targets: Target[][] = [];
  /** For each representation, the first object at the path that is walked. */
  const firsts: Target[] = [];
  /** Objects that differ from the first of their representation. */
  let others: Set<DataObject> | undefined;
  for (const [path, { forEachTarget, unites }] of lookup.walks.entries()) {
    forEachTarget(data, (object) => {
      const index = representations.indexOf(object);
      if (index === -1) return undefined;
      const first = firsts[index];
      if (first?.object === object) return undefined;
      if (first !== undefined && first.path === path && unites && isEqualData(first.object, object)) {
        shared.add(first.object);
        return first.object;
      }
      if (others?.has(object)) return undefined;
      const target = { object, path };
      if (first === undefined) targets[index] = [target];
      else targets[index]?.push(target);
      if (first?.path === path) others = (others ?? new Set()).add(object);
      else firsts[index] = target;
      return undefined;
    });
  }
  return { lookup, representations: representations.texts, targets };
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'object') return Array.isArray(value) ? 'a list' : 'an object';
  return `a ${typeof value}`;
}

function shareValues(entity: DataObject, shared: Set<unknown>): void {
  for (const key in entity) {
    const value = entity[key];
    if (typeof value === 'object' && value !== null) shared.add(value);
  }
}

function markFailed({ targets }: Asked, execution: Execution): void {
  for (const places of targets) for (const { object } of places) execution.failed.add(object);
}

/** Where an error of a whole fetch stands: at each object that it was for, or at the list that holds them. */
function placesOf(
  lookups: readonly CompiledLookup[],
  execution: Execution,
  { types, aliases }: CompileOptions,
): readonly ResponsePath[] {
  const places = new Map<string, ResponsePath>();
  for (const { paths } of lookups) {
    for (const path of paths) {
      for (const found of targetPaths(execution.data, path, { types, ...aliases }).values()) {
        for (const place of found) {
          const list = place.findIndex((step) => typeof step === 'number');
          const outer = list === -1 ? place : place.slice(0, list);
          places.set(JSON.stringify(outer), outer);
        }
      }
    }
  }
  return [...places.values()];
}
