import type {
  ArgumentModel,
  CompositeModel,
  EntityModel,
  FieldModel,
  GraphModel,
  InterfaceModel,
  RootModel,
  UnionModel,
  ValueModel,
} from './graphModel.ts';
import { type Random, seededRandom } from './random.ts';

/**
 * Draws a graph. Most compose; the caller asks for another one when composition refuses.
 *
 * Types come first, then the subgraphs that may know each, then fields with owners that know their types, and last what
 * ties subgraphs together: `@requires`, `@provides`, `@override`.
 */
export function randomGraph(seed: number): GraphModel {
  return new GraphDraft(seededRandom(seed)).draw();
}

type Mutable<Model> = { -readonly [Key in keyof Model]: Model[Key] };
type DraftField = Mutable<FieldModel>;
interface DraftEntity extends Mutable<Omit<EntityModel, 'keys'>> {
  keys: Record<string, string[]>;
  fields: DraftField[];
}
interface DraftValue extends Mutable<ValueModel> {
  fields: DraftField[];
}
interface DraftInterface extends Mutable<Omit<InterfaceModel, 'subgraphs'>> {
  subgraphs: Record<string, string[]>;
}
interface DraftUnion extends Mutable<Omit<UnionModel, 'subgraphs'>> {
  subgraphs: Record<string, string[]>;
}

const SCALARS = ['Int', 'Float', 'String', 'Boolean', 'ID', 'Json'];
/** `id` is the plain key; `high low` is compound; `ref { tag }` is nested in a value type. */
const KEYS = ['id', 'id', 'id', 'code', 'high low', 'ref { tag }', 'id code'];

class GraphDraft {
  readonly #random: Random;
  readonly #subgraphs: string[];
  readonly #entities: DraftEntity[] = [];
  readonly #values: DraftValue[] = [];
  readonly #interfaces: DraftInterface[] = [];
  readonly #unions: DraftUnion[] = [];
  readonly #rootFields: DraftField[] = [];
  #names = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#subgraphs = Array.from({ length: random.between(2, 5) }, (_, index) => `s${index}`);
  }

  draw(): GraphModel {
    const random = this.#random;
    this.#drawEntities();
    this.#drawValues();
    this.#drawInterfaces();
    this.#drawUnions();
    for (const entity of this.#entities) {
      for (let count = random.between(1, 5); count > 0; count--) {
        const owners = this.#ownersOf(Object.keys(entity.keys));
        entity.fields.push(this.#drawField(owners, 0.3));
      }
    }
    this.#drawRootFields();
    const query: RootModel = { kind: 'root', name: 'Query', fields: this.#rootFields };
    const roots = [query];
    if (random.chance(0.3)) {
      const fields = Array.from({ length: random.between(1, 3) }, () =>
        this.#drawField([random.pick(this.#subgraphs)], 0.6),
      );
      roots.push({ kind: 'root', name: 'Mutation', fields });
    }
    this.#drawRequires();
    this.#drawProvides();
    this.#drawDirectives();
    const types: CompositeModel[] = [
      ...roots,
      ...this.#entities,
      ...this.#values,
      ...this.#interfaces,
      ...this.#unions,
    ];
    return {
      subgraphs: this.#subgraphs,
      enums: [
        { name: 'E0', values: ['RED', 'GREEN', 'BLUE'] },
        { name: 'E1', values: ['ONE', 'id', 'constructor'] },
      ],
      inputs: INPUTS,
      scalars: ['Json'],
      types,
    };
  }

  #drawEntities(): void {
    const random = this.#random;
    for (let index = random.between(2, 4); index > 0; index--) {
      const name = `T${this.#entities.length}`;
      const subgraphs = random.some(this.#subgraphs, 0.75);
      if (subgraphs.length === 0) subgraphs.push(random.pick(this.#subgraphs));
      const first = random.pick(KEYS);
      const second = random.chance(0.35) ? random.pick(KEYS.filter((key) => key !== first)) : first;
      const keys: Record<string, string[]> = {};
      for (const [position, subgraph] of subgraphs.entries()) {
        // the first subgraph knows both keys, and so bridges those that know one
        if (position === 0) keys[subgraph] = [...new Set([first, second])];
        else keys[subgraph] = [random.pick([first, second])];
      }
      this.#entities.push({ kind: 'entity', name, keys, fields: keyFields(keys, name) });
      if (JSON.stringify(keys).includes('ref')) this.#values.push(refType(name));
    }
  }

  #drawValues(): void {
    const random = this.#random;
    for (let count = random.between(1, 3); count > 0; count--) {
      const name = `V${this.#names++}`;
      const value: DraftValue = { kind: 'value', name, fields: [] };
      for (let fields = random.between(1, 4); fields > 0; fields--) {
        const everywhere = this.#entities.filter(
          ({ keys }) => Object.keys(keys).length === this.#subgraphs.length,
        );
        const others = [...this.#values.filter((other) => other.name.startsWith('V')), ...everywhere].map(
          (type) => type.name,
        );
        const named = others.length > 0 && random.chance(0.3) ? random.pick(others) : this.#leafType();
        value.fields.push({ name: this.#fieldName(), type: this.#wrapped(named), args: [], owners: [] });
      }
      this.#values.push(value);
    }
  }

  #drawInterfaces(): void {
    const random = this.#random;
    for (let count = random.between(0, 2); count > 0; count--) {
      const name = `I${this.#names++}`;
      const isOfEntities = random.chance(0.8);
      const candidates = isOfEntities
        ? this.#entities
        : this.#values.filter((value) => value.name.startsWith('V'));
      const members = random.some<DraftEntity | DraftValue>(candidates, 0.7);
      if (members.length === 0) continue;
      const common = this.#drawField([], 0);
      for (const member of members) {
        const owners = member.kind === 'entity' ? this.#ownersOf(Object.keys(member.keys)) : [];
        member.fields.push({ ...common, owners });
      }
      const fieldNames = [common.name];
      const ids = members.every((member) => member.fields.some((field) => field.name === 'id'));
      if (isOfEntities && ids) fieldNames.push('id');
      const draft: DraftInterface = {
        kind: 'interface',
        name,
        members: members.map((member) => member.name),
        fieldNames,
        subgraphs: {},
      };
      for (const subgraph of this.#subgraphs) {
        const known = members.filter((member) => member.kind === 'value' || subgraph in member.keys);
        const listed = random.chance(0.8) ? known : random.some(known, 0.6);
        if (listed.length > 0) draft.subgraphs[subgraph] = listed.map((member) => member.name);
      }
      if (isOfEntities && ids && random.chance(0.5)) this.#drawInterfaceObject(draft);
      this.#interfaces.push(draft);
    }
  }

  /** One home knows the interface and all its members by `id`; the guests know no member. */
  #drawInterfaceObject(draft: DraftInterface): void {
    const members = this.#entities.filter(({ name }) => draft.members.includes(name));
    const homes = this.#subgraphs.filter((subgraph) =>
      members.every(({ keys }) => keys[subgraph]?.includes('id')),
    );
    const [home] = homes;
    const guests = this.#subgraphs.filter(
      (subgraph) =>
        subgraph !== home && !homes.includes(subgraph) && members.every(({ keys }) => !(subgraph in keys)),
    );
    // a member's subgraph becomes a guest when there is none: the member forgets it
    const isInValues = this.#values.some(({ fields }) =>
      fields.some(({ type }) => draft.members.includes(type.replace(/[[\]!]/g, ''))),
    );
    if (home === undefined || isInValues) return;
    if (guests.length === 0) {
      const guest = this.#random.pick(this.#subgraphs.filter((subgraph) => subgraph !== home));
      for (const member of members) {
        delete member.keys[guest];
        for (const field of member.fields) {
          if (field.key !== undefined) continue;
          field.owners = field.owners.filter((owner) => owner !== guest);
          if (field.owners.length === 0) field.owners = [home];
        }
      }
      for (const other of this.#interfaces) {
        const listed = other.subgraphs[guest]?.filter((name) => !draft.members.includes(name)) ?? [];
        if (listed.length > 0) other.subgraphs[guest] = listed;
        else delete other.subgraphs[guest];
      }
      guests.push(guest);
    }
    draft.subgraphs = { [home]: draft.members.slice() };
    const fields = Array.from({ length: this.#random.between(1, 2) }, () =>
      this.#drawField([this.#random.pick(guests)], 0.2),
    );
    draft.object = { guests, fields };
  }

  #drawUnions(): void {
    const random = this.#random;
    for (let count = random.between(0, 2); count > 0; count--) {
      const draft: DraftUnion = { kind: 'union', name: `U${this.#names++}`, subgraphs: {} };
      const values = this.#values.filter((value) => value.name.startsWith('V'));
      const members = random.some<DraftEntity | DraftValue>([...this.#entities, ...values], 0.6);
      for (const subgraph of this.#subgraphs) {
        const known = members.filter((member) => member.kind === 'value' || subgraph in member.keys);
        const listed = random.chance(0.6) ? known : random.some(known, 0.6);
        if (listed.length > 0) draft.subgraphs[subgraph] = listed.map((member) => member.name);
      }
      if (Object.keys(draft.subgraphs).length > 0) this.#unions.push(draft);
    }
  }

  #drawRootFields(): void {
    const random = this.#random;
    for (const subgraph of this.#subgraphs) {
      for (let count = random.between(1, 3); count > 0; count--) {
        const owners = random.chance(0.15) ? this.#ownersOf(this.#subgraphs) : [subgraph];
        this.#rootFields.push(this.#drawField(owners, 0.8));
      }
    }
  }

  #drawRequires(): void {
    const random = this.#random;
    for (const entity of this.#entities) {
      for (const [position, field] of entity.fields.entries()) {
        const [owner] = field.owners;
        if (owner === undefined || field.owners.length > 1 || field.key !== undefined || !random.chance(0.3))
          continue;
        // an input that requires in turn is a chain, which must not close to a ring
        if (field.safe) continue;
        if (this.#interfaces.some(({ fieldNames }) => fieldNames.includes(field.name))) continue;
        const inputs = entity.fields.filter(
          (input, inputPosition) =>
            inputPosition < position &&
            input.key === undefined &&
            input.args.every(({ type }) => type.replace('!', '') in REQUIRED_ARGUMENTS) &&
            !input.owners.includes(owner) &&
            input.owners.length > 0,
        );
        const parts = random.some(inputs, 0.7).flatMap((input) => this.#safeSelection(input, owner) ?? []);
        if (parts.length > 0) field.requires = parts.join(' ');
      }
    }
  }

  /** Selects a field as an input, and marks what it selects as never failing. */
  #safeSelection(field: DraftField, subgraph: string): string | undefined {
    const named = field.type.replace(/[[\]!]/g, '');
    const isLeaf = SCALARS.includes(named) || named.startsWith('E');
    const fields = [...this.#values, ...this.#entities]
      .find(({ name }) => name === named)
      ?.fields.filter((inner) => {
        const innerName = inner.type.replace(/[[\]!]/g, '');
        const isInnerLeaf = SCALARS.includes(innerName) || innerName.startsWith('E');
        return isInnerLeaf && inner.args.length === 0 && inner.requires === undefined;
      });
    if (!isLeaf && (fields === undefined || fields.length === 0)) return undefined;
    if (
      named.startsWith('T') &&
      !(subgraph in (this.#entities.find(({ name }) => name === named)?.keys ?? {}))
    ) {
      return undefined;
    }
    field.safe = true;
    const head = `${field.name}${this.#requiredArguments(field)}`;
    if (isLeaf || fields === undefined) return head;
    const chosen = this.#random.shuffle(fields).slice(0, 2);
    for (const inner of chosen) inner.safe = true;
    return `${head} { ${chosen.map(({ name }) => name).join(' ')} }`;
  }

  /** Every argument has a value, so that no default decides. */
  #requiredArguments({ args }: DraftField): string {
    if (args.length === 0) return '';
    const given = args.map(({ name, type }) => {
      const values = REQUIRED_ARGUMENTS[type.replace('!', '') as keyof typeof REQUIRED_ARGUMENTS];
      return `${name}: ${this.#random.pick(values)}`;
    });
    return `(${given.join(', ')})`;
  }

  #drawProvides(): void {
    const random = this.#random;
    const containers = [...this.#entities.flatMap(({ fields }) => fields), ...this.#rootFields];
    for (const field of containers) {
      const [owner] = field.owners;
      const entity = this.#entities.find(({ name }) => name === field.type.replace(/[[\]!]/g, ''));
      if (owner === undefined || field.owners.length > 1 || entity === undefined || !random.chance(0.35))
        continue;
      if (!(owner in entity.keys)) continue;
      const provided = entity.fields.filter((inner) => {
        const named = inner.type.replace(/[[\]!]/g, '');
        const isLeaf = SCALARS.includes(named) || named.startsWith('E');
        return (
          isLeaf &&
          inner.args.length === 0 &&
          inner.key === undefined &&
          inner.requires === undefined &&
          !inner.owners.includes(owner)
        );
      });
      const names = random.some(provided, 0.7).map(({ name }) => name);
      if (names.length === 0) continue;
      field.provides = { subgraph: owner, selection: names.join(' ') };
      for (const inner of provided) if (names.includes(inner.name)) inner.provided = true;
    }
  }

  #drawDirectives(): void {
    const random = this.#random;
    const required = new Set(
      this.#entities.flatMap(({ fields }) =>
        fields.flatMap(({ requires, provides }) => `${requires} ${provides?.selection}`.match(/\w+/g) ?? []),
      ),
    );
    for (const entity of this.#entities) {
      for (const field of entity.fields) {
        const isInherited = this.#interfaces.some(({ fieldNames }) => fieldNames.includes(field.name));
        if (!isInherited && random.chance(0.08)) field.inaccessible = true;
        const [owner] = field.owners;
        if (field.key !== undefined || owner === undefined || required.has(field.name)) continue;
        const others = Object.keys(entity.keys).filter((subgraph) => !field.owners.includes(subgraph));
        if (field.owners.length === 1 && others.length > 0 && !field.requires && random.chance(0.15)) {
          if (this.#knowsType(field.type, others)) field.staleIn = random.pick(others);
        } else if (
          field.owners.length > 1 &&
          !field.type.endsWith('!') &&
          !isInherited &&
          random.chance(0.3)
        ) {
          field.nonNullIn = [random.pick(field.owners)];
        }
      }
    }
  }

  #ownersOf(subgraphs: readonly string[]): string[] {
    const owners = this.#random.shuffle(subgraphs);
    return owners.slice(0, this.#random.chance(0.8) ? 1 : 2);
  }

  /** @param composite probability of an object, interface or union type */
  #drawField(owners: readonly string[], composite: number): DraftField {
    const random = this.#random;
    const name = this.#fieldName();
    const args = random.chance(0.25) ? this.#drawArguments() : [];
    const candidates = owners.length === 0 ? [] : this.#compositesIn(owners);
    const named = candidates.length > 0 && random.chance(composite) ? random.pick(candidates) : undefined;
    const field: DraftField = { name, type: this.#wrapped(named?.name ?? this.#leafType()), args, owners };
    if (named?.kind === 'interface' || named?.kind === 'union') field.possible = possibleIn(named, owners);
    return field;
  }

  #compositesIn(owners: readonly string[]): (DraftEntity | DraftValue | DraftInterface | DraftUnion)[] {
    return [
      ...this.#entities.filter(({ keys }) => owners.every((owner) => owner in keys)),
      ...this.#entities.filter(({ keys }) => owners.every((owner) => owner in keys)),
      ...this.#values.filter(({ name }) => name.startsWith('V')),
      ...[...this.#interfaces, ...this.#unions].filter((type) => possibleIn(type, owners).length > 0),
    ];
  }

  #knowsType(type: string, subgraphs: readonly string[]): boolean {
    const named = type.replace(/[[\]!]/g, '');
    if (SCALARS.includes(named) || named.startsWith('E') || named.startsWith('V')) return true;
    const entity = this.#entities.find(({ name }) => name === named);
    return entity !== undefined && subgraphs.every((subgraph) => subgraph in entity.keys);
  }

  #drawArguments(): ArgumentModel[] {
    const random = this.#random;
    return Array.from({ length: random.between(1, 2) }, (_, index) => ({
      name: ['a', 'id'][index] ?? 'b',
      ...random.pick(ARGUMENTS),
    }));
  }

  /** Some names are shared by many types, so that fragments on an interface or union meet the same name. */
  #fieldName(): string {
    return `f${this.#names++}`;
  }

  #leafType(): string {
    return this.#random.chance(0.15) ? this.#random.pick(['E0', 'E1']) : this.#random.pick(SCALARS);
  }

  #wrapped(named: string): string {
    const { chance, pick } = this.#random;
    const mark = (): string => (chance(0.3) ? '!' : '');
    const list = chance(0.3) ? pick(['list', 'list', 'nested']) : 'single';
    if (list === 'single') return `${named}${mark()}`;
    if (list === 'list') return `[${named}${mark()}]${mark()}`;
    return `[[${named}${mark()}]${mark()}]${mark()}`;
  }
}

/** What `@requires` gives the arguments of a field, by their types. */
const REQUIRED_ARGUMENTS = {
  Int: ['1', '2'],
  Boolean: ['true', 'false'],
} as const;

function possibleIn(
  type: {
    readonly subgraphs: Readonly<Record<string, readonly string[]>>;
    readonly object?: { readonly guests: readonly string[] } | undefined;
    readonly members?: readonly string[];
  },
  owners: readonly string[],
): string[] {
  const lists = owners.map((owner) =>
    type.object?.guests.includes(owner) ? (type.members ?? []) : (type.subgraphs[owner] ?? []),
  );
  const [first = [], ...others] = lists;
  return first.filter((name) => others.every((list) => list.includes(name)));
}

/** The fields of every key that some subgraph has; who has a key resolves its fields. */
function keyFields(keys: Readonly<Record<string, readonly string[]>>, typeName: string): DraftField[] {
  const ownersWith = (name: string): string[] =>
    Object.keys(keys).filter((subgraph) => keys[subgraph]?.some((key) => key.split(/\W+/).includes(name)));
  const fields: DraftField[] = [
    { name: 'id', type: 'ID!', key: 'whole', safe: true, args: [], owners: ownersWith('id') },
    { name: 'code', type: 'String!', key: 'whole', safe: true, args: [], owners: ownersWith('code') },
    { name: 'high', type: 'Int!', key: 'high', safe: true, args: [], owners: ownersWith('high') },
    { name: 'low', type: 'Int!', key: 'low', safe: true, args: [], owners: ownersWith('low') },
    { name: 'ref', type: `Ref${typeName}!`, key: 'whole', safe: true, args: [], owners: ownersWith('ref') },
  ];
  return fields.filter(({ owners }) => owners.length > 0);
}

function refType(entity: string): DraftValue {
  const tag: DraftField = { name: 'tag', type: 'String!', key: 'whole', safe: true, args: [], owners: [] };
  const note: DraftField = { name: 'note', type: 'String', args: [], owners: [] };
  return { kind: 'value', name: `Ref${entity}`, fields: [tag, note] };
}

const INPUTS: GraphModel['inputs'] = [
  {
    name: 'In0',
    fields: [
      { name: 'a', type: 'Int' },
      { name: 'b', type: '[String!]', default: '["x"]' },
      { name: 'c', type: 'In1' },
      { name: 'e', type: 'E0', default: 'GREEN' },
    ],
  },
  {
    name: 'In1',
    fields: [
      { name: 'must', type: 'Float!' },
      { name: 'many', type: '[[Int]]' },
      { name: 'json', type: 'Json' },
      { name: 'self', type: 'In1' },
    ],
  },
];

const ARGUMENTS: readonly Omit<ArgumentModel, 'name'>[] = [
  { type: 'Int' },
  { type: 'Int', default: '7' },
  { type: 'Int!', default: '3' },
  { type: 'String' },
  { type: 'ID' },
  { type: 'ID!' },
  { type: 'E0', default: 'RED' },
  { type: 'E1' },
  { type: 'In0' },
  { type: 'In0', default: '{a: 1}' },
  { type: '[In1!]' },
  { type: '[Int]' },
  { type: '[E0!]', default: '[RED, BLUE]' },
  { type: 'Json' },
  { type: 'Boolean', default: 'null' },
];
