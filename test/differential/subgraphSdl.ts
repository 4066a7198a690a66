import {
  type EntityModel,
  type FieldModel,
  type GraphModel,
  interfaceObjectOf,
  isInterface,
  namedType,
  typeOf,
} from './graphModel.ts';

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@shareable", \
"@external", "@requires", "@provides", "@override", "@inaccessible", "@interfaceObject"])`;

/** Prints the SDL of one subgraph: its fields, and the types that they lead to. */
export function subgraphSdl(model: GraphModel, subgraph: string): string {
  return new SdlPrinter(model, subgraph).print();
}

class SdlPrinter {
  readonly #model: GraphModel;
  readonly #subgraph: string;
  readonly #printed = new Map<string, string>();

  constructor(model: GraphModel, subgraph: string) {
    this.#model = model;
    this.#subgraph = subgraph;
  }

  print(): string {
    for (const type of this.#model.types) {
      if (type.kind === 'root' && type.fields.some((field) => this.#has(field))) this.#add(type.name);
      if (type.kind === 'entity' && this.#subgraph in type.keys) this.#add(type.name);
      if (type.kind === 'interface' && type.object !== undefined) {
        if (type.object.guests.includes(this.#subgraph) || this.#subgraph in type.subgraphs)
          this.#add(type.name);
      }
    }
    return [LINK, ...[...this.#printed.values()].filter((text) => text !== '')].join('\n\n');
  }

  /** Prints a named type once, and before that everything it leads to. */
  #add(name: string): void {
    if (this.#printed.has(name)) return;
    const enumModel = this.#model.enums.find((candidate) => candidate.name === name);
    const input = this.#model.inputs.find((candidate) => candidate.name === name);
    this.#printed.set(name, '');
    if (enumModel !== undefined) this.#printed.set(name, `enum ${name} { ${enumModel.values.join(' ')} }`);
    else if (input !== undefined) {
      for (const { type } of input.fields) this.#add(namedType(type));
      const fields = input.fields.map((field) => `  ${argumentText(field)}`);
      this.#printed.set(name, `input ${name} {\n${fields.join('\n')}\n}`);
    } else if (this.#model.scalars.includes(name)) this.#printed.set(name, `scalar ${name}`);
    else this.#addComposite(name);
  }

  #addComposite(name: string): void {
    const type = typeOf(this.#model, name);
    switch (type?.kind) {
      case 'root':
        this.#printed.set(
          name,
          this.#object(
            `type ${name}`,
            type.fields.filter((field) => this.#has(field)),
          ),
        );
        return;
      case 'value': {
        const fields = type.fields.filter((field) => !type.missing?.[field.name]?.includes(this.#subgraph));
        this.#printed.set(name, this.#object(`type ${name}${this.#implements(name)} @shareable`, fields));
        return;
      }
      case 'entity':
        this.#printed.set(name, this.#entity(type));
        return;
      case 'union': {
        const members = type.subgraphs[this.#subgraph] ?? [];
        for (const member of members) this.#add(member);
        if (members.length > 0) this.#printed.set(name, `union ${name} = ${members.join(' | ')}`);
        return;
      }
      case 'interface':
        this.#printed.set(name, this.#interface(type));
        return;
      default:
    }
  }

  #entity(type: EntityModel): string {
    const isStub = type.keys[this.#subgraph] === undefined;
    const marks = this.#keysOf(type).map(
      (key) => ` @key(fields: "${key}"${isStub ? ', resolvable: false' : ''})`,
    );
    const inKeys = this.#keyFieldsOf(type);
    const externals = this.#externalsOf(type);
    const fields = type.fields.filter(
      (field) => inKeys.has(field.name) || externals.has(field.name) || this.#has(field),
    );
    const heading = `type ${type.name}${this.#implements(type.name)}${marks.join('')}`;
    return this.#object(heading, fields, (field) =>
      externals.has(field.name) && !this.#has(field) && !inKeys.has(field.name) ? ' @external' : '',
    );
  }

  /** Fields of the entity that this subgraph requires or provides without resolving them otherwise. */
  #externalsOf(type: EntityModel): Set<string> {
    const names = new Set<string>();
    for (const other of this.#model.types) {
      if (other.kind !== 'entity' && other.kind !== 'root') continue;
      for (const field of other.fields) {
        const { provides, requires, owners } = field;
        if (provides?.subgraph === this.#subgraph && namedType(field.type) === type.name) {
          for (const name of provides.selection.match(/\w+/g) ?? []) names.add(name);
        }
        if (requires === undefined || !owners.includes(this.#subgraph)) continue;
        for (const [, name = '', selection] of requires.matchAll(/(\w+)(?:\(.*?\))?(?: \{ (.*?) \})?/g)) {
          if (other.name === type.name) names.add(name);
          const input = other.fields.find((candidate) => candidate.name === name);
          if (selection === undefined || namedType(input?.type ?? '') !== type.name) continue;
          for (const inner of selection.match(/\w+/g) ?? []) names.add(inner);
        }
      }
    }
    return names;
  }

  #interface(type: Extract<GraphModel['types'][number], { kind: 'interface' }>): string {
    const { name, object } = type;
    if (object?.guests.includes(this.#subgraph)) {
      const id: FieldModel = { name: 'id', type: 'ID!', args: [], owners: [this.#subgraph], key: 'whole' };
      const fields = object.fields.filter((field) => this.#has(field));
      return this.#object(`type ${name} @interfaceObject @key(fields: "id")`, [id, ...fields]);
    }
    const members = type.subgraphs[this.#subgraph] ?? [];
    if (members.length === 0) return '';
    for (const member of members) this.#add(member);
    const known = type.fieldNames.filter((fieldName) =>
      members.every((member) => this.#prints(member, fieldName)),
    );
    const fields = (this.#fieldsOf(members[0]) ?? []).filter((field) => known.includes(field.name));
    // an interface needs a field
    if (fields.length === 0) return '';
    const lines = fields.map((field) => `  ${field.name}${argumentsText(field)}: ${field.type}`);
    const key = object === undefined ? '' : ' @key(fields: "id")';
    return `interface ${name}${key} {\n${lines.join('\n')}\n}`;
  }

  #fieldsOf(name: string | undefined): readonly FieldModel[] | undefined {
    const type = typeOf(this.#model, name ?? '');
    return type?.kind === 'entity' || type?.kind === 'value' ? type.fields : undefined;
  }

  /** Whether the subgraph's SDL has a field of an object type. */
  #prints(typeName: string, fieldName: string): boolean {
    const type = typeOf(this.#model, typeName);
    if (type?.kind === 'value') return !type.missing?.[fieldName]?.includes(this.#subgraph);
    if (type?.kind !== 'entity') return false;
    const field = type.fields.find(({ name }) => name === fieldName);
    return field !== undefined && (this.#has(field) || this.#keyFieldsOf(type).has(fieldName));
  }

  #keyFieldsOf(type: EntityModel): Set<string> {
    return new Set(this.#keysOf(type).flatMap((key) => key.replace(/\{.*?\}/g, '').match(/\w+/g) ?? []));
  }

  #keysOf({ keys }: EntityModel): readonly string[] {
    return keys[this.#subgraph] ?? Object.values(keys)[0]?.slice(0, 1) ?? ['id'];
  }

  #implements(name: string): string {
    const names = this.#model.types
      .filter(isInterface)
      .filter(({ subgraphs, fieldNames }) => {
        const members = subgraphs[this.#subgraph] ?? [];
        const isEmpty = !fieldNames.some((field) => members.every((member) => this.#prints(member, field)));
        return members.includes(name) && !isEmpty;
      })
      .map((type) => type.name);
    for (const interfaceName of names) this.#add(interfaceName);
    return names.length === 0 ? '' : ` implements ${names.join(' & ')}`;
  }

  #object(
    heading: string,
    fields: readonly FieldModel[],
    mark: (field: FieldModel) => string = () => '',
  ): string {
    const lines = fields.map((field) => {
      this.#add(namedType(field.type));
      for (const { type } of field.args) this.#add(namedType(type));
      return `  ${field.name}${argumentsText(field)}: ${this.#typeHere(field)}${this.#directives(field)}${mark(field)}`;
    });
    return `${heading} {\n${lines.join('\n')}\n}`;
  }

  #typeHere({ type, nonNullIn }: FieldModel): string {
    return nonNullIn?.includes(this.#subgraph) ? `${type}!` : type;
  }

  #directives(field: FieldModel): string {
    const isOwner = field.owners.includes(this.#subgraph);
    const parts: string[] = [];
    if (isOwner && (field.owners.length > 1 || field.provided)) parts.push('@shareable');
    if (isOwner && field.staleIn !== undefined) parts.push(`@override(from: "${field.staleIn}")`);
    if (isOwner && field.requires !== undefined) parts.push(`@requires(fields: "${field.requires}")`);
    if (field.provides?.subgraph === this.#subgraph)
      parts.push(`@provides(fields: "${field.provides.selection}")`);
    if (isOwner && field.inaccessible) parts.push('@inaccessible');
    return parts.map((part) => ` ${part}`).join('');
  }

  #has(field: FieldModel): boolean {
    return field.owners.includes(this.#subgraph) || field.staleIn === this.#subgraph;
  }
}

/** Whether a subgraph may ask for a member of the interface, or only knows the interface as an object. */
export function localTypeName(model: GraphModel, typeName: string, subgraph: string): string {
  return interfaceObjectOf(model, typeName, subgraph)?.name ?? typeName;
}

function argumentsText({ args }: FieldModel): string {
  return args.length === 0 ? '' : `(${args.map(argumentText).join(', ')})`;
}

function argumentText(argument: FieldModel['args'][number]): string {
  return `${argument.name}: ${argument.type}${argument.default === undefined ? '' : ` = ${argument.default}`}`;
}
