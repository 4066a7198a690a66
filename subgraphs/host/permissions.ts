import {
  defaultFieldResolver,
  defaultTypeResolver,
  GraphQLError,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isInterfaceType,
  isObjectType,
  isUnionType,
} from 'graphql';

import { SubgraphError } from './errors.ts';
import { allow, type and, deny, shield } from './shield.ts';

/** Any rule, `and`, `or` and the like included. */
export type ShieldRule = Parameters<typeof and>[number];

/** A tree of graphql-shield rules: a rule for a whole type, or rules by field with `*` for the others. */
export type Permissions = Readonly<Record<string, ShieldRule | Readonly<Record<string, ShieldRule>>>>;

/**
 * Applies a graphql-shield tree to a subgraph's schema, in place. What no rule names is denied.
 *
 * graphql-shield brings itself into a schema by `applyMiddleware`, which loses `__resolveReference`: entities would come
 * back as the bare references. Here its verdicts stand before the resolvers, and nothing else of the schema changes:
 * `_service` and `_entities` answer, and an entity's fields are guarded whichever way it was reached. A rule for a whole
 * type is also asked about each entity of the type that `_entities` finds.
 *
 * Where graphql-shield fails open, this does not:
 * - a rule on an interface or union would never be asked: it is refused here;
 * - something that is no rule would be passed over: it is refused here;
 * - a rule that throws denies, under `not` and `or` too, and its error is logged, not shown;
 * - `contextual` verdicts are kept for one request and one field, `strict` ones for one parent as well;
 * - errors of resolvers stay what they are.
 *
 * @throws Error for a tree that cannot be honoured
 * Source of the traps: graphql-shield 7.6.5, `esm/generator.js` and `esm/rules.js`.
 */
export function applyPermissions(schema: GraphQLSchema, permissions: Permissions): void {
  checkPermissions(schema, permissions);
  const verdicts = shield(permissions, {
    fallbackRule: deny,
    fallbackError: new SubgraphError('FORBIDDEN', 'You are not allowed to see or do this.'),
    // a rule that throws is not taken for one that denies, which `not` would turn round
    debug: true,
    hashFunction: strictKey(),
  }).generate(schema) as Readonly<Record<string, Readonly<Record<string, Middleware>>>>;
  for (const [typeName, fields] of Object.entries(verdicts)) {
    const type = schema.getType(typeName);
    if (!isObjectType(type) || typeName.startsWith('_')) continue;
    guardFields(type, fields, permissions);
    const rule = permissions[typeName];
    const [first] = Object.values(fields);
    // all fields have the rule of the type, so that any gives its verdict
    if (isRule(rule) && rule !== allow && first !== undefined) guardReferences(type, first);
  }
}

type Resolve = (parent: unknown, args: unknown, context: object, info: GraphQLResolveInfo) => unknown;
type Ask = (resolve: () => unknown, ...of: Parameters<Resolve>) => unknown;
/** What shield makes of a rule, with fragments or without. */
type Middleware = Ask | { readonly resolve: Ask };

const ALLOWED = Symbol('allowed');

/** @throws SubgraphError when the rule denies, what the rule throws when it fails */
async function requireAllowed(
  coordinate: string,
  middleware: Middleware,
  of: Parameters<Resolve>,
): Promise<void> {
  const [parent, args, context, info] = of;
  const ask = typeof middleware === 'function' ? middleware : middleware.resolve;
  const verdict = await ask(() => ALLOWED, parent, args, shieldContext(context, coordinate), info);
  if (verdict === ALLOWED) return;
  if (verdict instanceof GraphQLError || !(verdict instanceof Error)) throw verdict;
  // a text or an error that a rule returns is written for the client
  throw new SubgraphError('FORBIDDEN', verdict.message);
}

/** The fields through which a gateway works; they show nothing by themselves, and stay as long as no rule names them. */
const federationFields: ReadonlySet<string> = new Set(['_service', '_entities']);

function guardFields(
  type: GraphQLObjectType,
  verdicts: Readonly<Record<string, Middleware>>,
  permissions: Permissions,
): void {
  const rules = permissions[type.name];
  for (const [name, middleware] of Object.entries(verdicts)) {
    const field = type.getFields()[name];
    const own = isRule(rules)
      ? rules
      : (rules?.[name] ?? (federationFields.has(name) ? allow : rules?.['*']));
    if (field === undefined || own === allow || (isRule(rules) && federationFields.has(name))) continue;
    const resolve = field.resolve ?? defaultFieldResolver;
    const coordinate = `${type.name}.${name}`;
    field.resolve = async (...of) => {
      await requireAllowed(coordinate, middleware, of);
      return resolve(...of);
    };
  }
}

/** What `@apollo/subgraph` keeps of a `__resolveReference`. Source: its `dist/types.js`, `definedResolveReference`. */
type ResolveReference = (reference: unknown, context: object, info: GraphQLResolveInfo) => unknown;
interface SubgraphExtensions {
  readonly apollo?: { readonly subgraph?: { readonly resolveReference?: ResolveReference } };
}

/** Asks the rule of a type about the entities that references lead to, as their own type or as an interface of it. */
function guardReferences(type: GraphQLObjectType, middleware: Middleware): void {
  for (const named of [type, ...type.getInterfaces()]) {
    const extensions = named.extensions as SubgraphExtensions;
    const resolveReference = extensions.apollo?.subgraph?.resolveReference;
    // an interface without one leaves it to the type
    if (resolveReference === undefined && named !== type) continue;
    const guarded: ResolveReference = async (reference, context, info) => {
      const entity =
        resolveReference === undefined ? reference : await resolveReference(reference, context, info);
      if (entity === null || entity === undefined) return entity;
      if (isInterfaceType(named)) {
        const resolveType = named.resolveType ?? defaultTypeResolver;
        if ((await resolveType(entity, context, info, named)) !== type.name) return entity;
      }
      await requireAllowed(type.name, middleware, [entity, {}, context, info]);
      return entity;
    };
    named.extensions = {
      ...extensions,
      apollo: {
        ...extensions.apollo,
        subgraph: { ...extensions.apollo?.subgraph, resolveReference: guarded },
      },
    };
  }
}

const contexts = new WeakMap<object, Map<string, object>>();

/** The context that rules see: the request's own, with a cache for one field of it. */
function shieldContext(context: object, coordinate: string): object {
  let own = contexts.get(context);
  if (own === undefined) {
    own = new Map();
    contexts.set(context, own);
  }
  let derived = own.get(coordinate);
  if (derived === undefined) {
    derived = Object.assign(Object.create(context) as object, { _shield: { cache: Object.create(null) } });
    own.set(coordinate, derived);
  }
  return derived;
}

/**
 * Keys of `strict` verdicts: the parent by its identity. Those with arguments are not kept: hashing the arguments takes
 * seconds for a megabyte, and is a way to stop the process.
 */
function strictKey(): (of: { parent: unknown; args: unknown }) => string {
  const ids = new WeakMap<object, number>();
  let count = 0;
  return ({ parent, args }) => {
    const hasArguments = typeof args === 'object' && args !== null && Object.keys(args).length > 0;
    if (hasArguments || typeof parent !== 'object' || parent === null) {
      count += 1;
      return `call ${count}`;
    }
    let id = ids.get(parent);
    if (id === undefined) {
      count += 1;
      id = count;
      ids.set(parent, id);
    }
    return `parent ${id}`;
  };
}

function isRule(value: unknown): value is ShieldRule {
  return typeof (value as { resolve?: unknown } | undefined)?.resolve === 'function';
}

function checkPermissions(schema: GraphQLSchema, permissions: Permissions): void {
  for (const [typeName, rules] of Object.entries(permissions)) {
    const type = schema.getType(typeName);
    if (isInterfaceType(type) || isUnionType(type)) {
      const types = schema.getPossibleTypes(type).map(({ name }) => name);
      throw new Error(`Rules on ${typeName} are never asked; write them on its types: ${types.join(', ')}.`);
    }
    if (!isObjectType(type))
      throw new Error(`There are rules on ${typeName}, which is no object type of the schema.`);
    if (isRule(rules)) continue;
    for (const [fieldName, rule] of Object.entries(rules)) {
      if (!isRule(rule))
        throw new Error(`What stands at ${typeName}.${fieldName} is no rule of graphql-shield.`);
    }
  }
}
