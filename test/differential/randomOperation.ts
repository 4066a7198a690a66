import {
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isObjectType,
  parse,
  validate,
} from 'graphql';
import type { OperationCase } from './operationCase.ts';
import { type Random, seededRandom } from './random.ts';
import { randomLiteral, randomValue, VariableDraft } from './randomValues.ts';

/** How daring the operations are. */
export interface OperationTraits {
  /** Aliases that are names of other fields, of key fields, of `Object.prototype`, or `__typename`. */
  readonly hostileAliases: boolean;
}

/**
 * Draws an operation that is valid against the API schema. A draft that is not (fragments whose response keys conflict)
 * is drawn again, with fewer things that may conflict.
 */
export function randomOperation(
  apiSchema: GraphQLSchema,
  seed: number,
  traits: OperationTraits,
): OperationCase {
  for (let attempt = 0; attempt < 20; attempt++) {
    const draft = new OperationDraft(apiSchema, seededRandom(seed * 32 + attempt), {
      ...traits,
      reuses: attempt < 8,
    });
    const { text, variables } = draft.draw();
    const document = parse(text, { noLocation: true });
    if (validate(apiSchema, document).length === 0) return { document, variables };
  }
  return { document: parse('{ __typename }', { noLocation: true }), variables: {} };
}

const HOSTILE = [
  '__typename',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  'id',
  'code',
  'high',
  'ref',
  'tag',
  '_entities',
  '__typename0',
  'representations',
  'length',
];

const MAX_FIELDS = 45;

/** The fields under one response path: what is merged must be the same field. */
type ResponseKeys = Map<string, { readonly signature: string; readonly inner: ResponseKeys }>;

interface Fragment {
  readonly name: string;
  readonly type: string;
}

class OperationDraft {
  readonly #schema: GraphQLSchema;
  readonly #random: Random;
  readonly #traits: OperationTraits & { readonly reuses: boolean };
  readonly #variables: VariableDraft;
  readonly #fragments: Fragment[] = [];
  readonly #fragmentTexts: string[] = [];
  #fields = 0;

  constructor(schema: GraphQLSchema, random: Random, traits: OperationTraits & { readonly reuses: boolean }) {
    this.#schema = schema;
    this.#random = random;
    this.#traits = traits;
    this.#variables = new VariableDraft(random);
  }

  draw(): { text: string; variables: Record<string, unknown> } {
    const mutation = this.#schema.getMutationType();
    const isMutation = mutation != null && this.#random.chance(0.2);
    const root = isMutation ? mutation : this.#schema.getQueryType();
    if (root == null) throw new Error('An API schema has a query type.');
    const selection = this.#selection(root, new Map(), 0);
    const { definitions, values } = this.#variables;
    const name = this.#random.chance(0.5) ? ' Op' : '';
    const declared = definitions.length === 0 ? '' : `(${definitions.join(', ')})`;
    const operation = `${isMutation ? 'mutation' : 'query'}${name}${declared} ${selection}`;
    return { text: [operation, ...this.#fragmentTexts].join('\n'), variables: values };
  }

  #selection(type: GraphQLCompositeType, keys: ResponseKeys, depth: number): string {
    const random = this.#random;
    const parts: string[] = [];
    const isRoot = depth === 0;
    for (let count = random.between(1, isRoot ? 3 : 4); count > 0; count--) {
      const wantsFragment = random.chance(isAbstractType(type) ? 0.6 : 0.15) && depth < 6;
      const part = wantsFragment ? this.#fragment(type, keys, depth) : this.#field(type, keys, depth);
      if (part !== undefined) parts.push(part);
      if (part !== undefined && random.chance(0.04)) parts.push(part);
    }
    if (random.chance(0.2) || parts.length === 0) {
      parts.splice(random.below(parts.length + 1), 0, this.#typename(keys));
    }
    return `{ ${parts.join(' ')} }`;
  }

  #typename(keys: ResponseKeys): string {
    const text = this.#random.chance(0.2) ? this.#aliased('__typename', 'String!', keys) : '__typename';
    const key = text.split(':')[0] ?? text;
    const known = keys.get(key);
    if (known !== undefined && known.signature !== '__typename')
      return this.#aliased('__typename', 'String!', keys);
    keys.set(key, { signature: '__typename', inner: new Map() });
    return `${text}${this.#condition()}`;
  }

  #field(type: GraphQLCompositeType, keys: ResponseKeys, depth: number): string | undefined {
    const random = this.#random;
    if (!('getFields' in type)) return undefined;
    const fields = Object.values(type.getFields()).filter(
      (field) => depth < 5 || !isCompositeType(getNamedType(field.type)),
    );
    if (fields.length === 0 || this.#fields >= MAX_FIELDS) return undefined;
    this.#fields++;
    const composites = fields.filter((field) => isCompositeType(getNamedType(field.type)));
    const field = composites.length > 0 && random.chance(0.4) ? random.pick(composites) : random.pick(fields);
    const args = this.#arguments(field);
    const signature = `${field.name}${args}: ${field.type}`;
    const plain = keys.get(field.name);
    const wantsAlias = random.chance(this.#traits.hostileAliases ? 0.5 : 0.15);
    const isFree = plain === undefined || plain.signature === signature;
    const head = isFree && !wantsAlias ? field.name : this.#aliased(field.name, signature, keys);
    const key = head.split(':')[0] ?? head;
    const scope = keys.get(key) ?? { signature, inner: new Map() };
    keys.set(key, scope);
    const named = getNamedType(field.type);
    const selection = isCompositeType(named) ? ` ${this.#selection(named, scope.inner, depth + 1)}` : '';
    return `${head}${args}${this.#condition()}${selection}`;
  }

  /** An alias that is free under the response path, or taken by the very same field. */
  #aliased(fieldName: string, signature: string, keys: ResponseKeys): string {
    const random = this.#random;
    const candidates = this.#traits.hostileAliases
      ? [random.pick(HOSTILE), `f${random.below(12)}`, random.pick(HOSTILE)]
      : [`a${random.below(4)}`];
    for (const alias of candidates) {
      const known = keys.get(alias);
      if (alias !== fieldName && (known === undefined || known.signature === signature))
        return `${alias}: ${fieldName}`;
    }
    return `x${this.#fields++}: ${fieldName}`;
  }

  #fragment(type: GraphQLCompositeType, keys: ResponseKeys, depth: number): string | undefined {
    const random = this.#random;
    if (this.#fields >= MAX_FIELDS) return undefined;
    const target = this.#fragmentType(type);
    if (this.#traits.reuses && random.chance(0.25)) {
      const known = this.#fragments.filter((fragment) => fragment.type === target.name);
      if (known.length > 0) return `...${random.pick(known).name}${this.#condition()}`;
    }
    const selection = this.#selection(target, keys, depth + 1);
    if (random.chance(0.7)) {
      const isBare = target === type && random.chance(0.5);
      return `...${isBare ? '' : ` on ${target.name}`}${this.#condition()} ${selection}`;
    }
    const name = `F${this.#fragments.length}`;
    this.#fragments.push({ name, type: target.name });
    this.#fragmentTexts.push(`fragment ${name} on ${target.name} ${selection}`);
    return `...${name}${this.#condition()}`;
  }

  /** A type that shares an object type with the one selected on: a member, an interface, or another abstract type. */
  #fragmentType(type: GraphQLCompositeType): GraphQLCompositeType {
    const possible = this.#possibleTypes(type);
    const others = Object.values(this.#schema.getTypeMap()).filter(
      (other): other is GraphQLCompositeType =>
        isCompositeType(other) &&
        !other.name.startsWith('__') &&
        this.#possibleTypes(other).some((object) => possible.includes(object)),
    );
    return this.#random.chance(0.2) ? type : this.#random.pick(others);
  }

  #possibleTypes(type: GraphQLCompositeType): readonly GraphQLObjectType[] {
    return isObjectType(type) ? [type] : this.#schema.getPossibleTypes(type);
  }

  #arguments(field: GraphQLField<unknown, unknown>): string {
    const texts = field.args.flatMap((argument) => this.#argument(argument) ?? []);
    return texts.length === 0 ? '' : `(${this.#random.shuffle(texts).join(', ')})`;
  }

  #argument(argument: GraphQLArgument): string | undefined {
    const random = this.#random;
    const isRequired = String(argument.type).endsWith('!') && argument.defaultValue === undefined;
    if (!isRequired && random.chance(0.4)) return undefined;
    return `${argument.name}: ${randomLiteral(argument.type, {
      random,
      variables: this.#variables,
      hasDefault: argument.defaultValue !== undefined,
    })}`;
  }

  #condition(): string {
    const random = this.#random;
    if (!random.chance(0.1)) return '';
    const one = (name: string): string => {
      const value = random.chance(0.5) ? random.pick(['true', 'false']) : this.#flag();
      return ` @${name}(if: ${value})`;
    };
    if (random.chance(0.15)) return `${one('skip')}${one('include')}`;
    return one(random.pick(['skip', 'include']));
  }

  #flag(): string {
    return this.#variables.declare({ type: 'Boolean!', value: randomValue('Boolean!', this.#random) });
  }
}
