import type { CompositeModel, FieldModel, GraphModel } from './graphModel.ts';

/** Every graph that is one step smaller. Many do not compose; the caller tries. */
export function* smallerModels(model: GraphModel): Generator<GraphModel> {
  for (const subgraph of model.subgraphs) yield withoutSubgraph(model, subgraph);
  for (const type of model.types) {
    yield { ...model, types: model.types.filter((other) => other !== type) };
  }
  for (const [index, type] of model.types.entries()) {
    for (const smaller of smallerTypes(type)) yield { ...model, types: model.types.with(index, smaller) };
    if (type.kind === 'union') continue;
    const fields = type.kind === 'interface' ? (type.object?.fields ?? []) : type.fields;
    for (const [position, field] of fields.entries()) {
      const replace = (next: readonly FieldModel[]): GraphModel => ({
        ...model,
        types: model.types.with(
          index,
          type.kind === 'interface'
            ? { ...type, object: { guests: type.object?.guests ?? [], fields: next } }
            : { ...type, fields: next },
        ),
      });
      if (field.key === undefined) yield replace(fields.toSpliced(position, 1));
      for (const smaller of smallerFields(field)) yield replace(fields.with(position, smaller));
    }
  }
}

function withoutSubgraph(model: GraphModel, subgraph: string): GraphModel {
  const isOther = (name: string): boolean => name !== subgraph;
  const keep = (fields: readonly FieldModel[]): FieldModel[] =>
    fields
      .filter(({ owners }) => owners.length === 0 || owners.some(isOther))
      .map((field) => ({
        ...field,
        owners: field.owners.filter(isOther),
        ...(field.staleIn === subgraph ? { staleIn: undefined } : {}),
      }));
  return {
    ...model,
    subgraphs: model.subgraphs.filter(isOther),
    types: model.types.map((type): CompositeModel => {
      switch (type.kind) {
        case 'root':
        case 'value':
          return { ...type, fields: keep(type.fields) };
        case 'entity':
          return { ...type, keys: omit(type.keys, subgraph), fields: keep(type.fields) };
        case 'union':
          return { ...type, subgraphs: omit(type.subgraphs, subgraph) };
        case 'interface': {
          const { object } = type;
          return {
            ...type,
            subgraphs: omit(type.subgraphs, subgraph),
            ...(object === undefined
              ? {}
              : { object: { guests: object.guests.filter(isOther), fields: keep(object.fields) } }),
          };
        }
        default:
          return type satisfies never;
      }
    }),
  };
}

function* smallerTypes(type: CompositeModel): Generator<CompositeModel> {
  if (type.kind === 'entity') {
    for (const [subgraph, keys] of Object.entries(type.keys)) {
      yield { ...type, keys: omit(type.keys, subgraph) };
      if (keys.length < 2) continue;
      for (const key of keys)
        yield { ...type, keys: { ...type.keys, [subgraph]: keys.filter((other) => other !== key) } };
    }
  }
  if (type.kind === 'interface') {
    if (type.object !== undefined) yield { ...type, object: undefined };
    for (const name of type.fieldNames) {
      yield { ...type, fieldNames: type.fieldNames.filter((other) => other !== name) };
    }
  }
  if (type.kind === 'interface' || type.kind === 'union') {
    for (const [subgraph, members] of Object.entries(type.subgraphs)) {
      yield { ...type, subgraphs: omit(type.subgraphs, subgraph) };
      for (const member of members) {
        const rest = members.filter((other) => other !== member);
        if (rest.length > 0) yield { ...type, subgraphs: { ...type.subgraphs, [subgraph]: rest } };
      }
    }
  }
}

function* smallerFields(field: FieldModel): Generator<FieldModel> {
  for (const owner of field.owners) {
    if (field.owners.length > 1 && field.key === undefined) {
      yield { ...field, owners: field.owners.filter((other) => other !== owner) };
    }
  }
  for (const name of ['requires', 'provides', 'staleIn', 'inaccessible', 'nonNullIn', 'provided'] as const) {
    if (field[name] !== undefined) yield { ...field, [name]: undefined };
  }
  for (const text of ['requires', 'provides'] as const) {
    const selection = text === 'requires' ? field.requires : field.provides?.selection;
    for (const part of selection?.match(/\w+(?: \{.*?\})?/g) ?? []) {
      const rest = selection?.replace(part, '').trim() ?? '';
      if (rest === '') continue;
      if (text === 'requires') yield { ...field, requires: rest };
      else if (field.provides) yield { ...field, provides: { ...field.provides, selection: rest } };
    }
  }
  for (const argument of field.args)
    yield { ...field, args: field.args.filter((other) => other !== argument) };
  if (field.key !== undefined) return;
  if (field.type.startsWith('[')) yield { ...field, type: field.type.slice(1).replace(/\]!?$/, '') };
  if (field.type.includes('!')) yield { ...field, type: field.type.replace(/!(?=[^!]*$)/, '') };
}

function omit<Value>(record: Readonly<Record<string, Value>>, name: string): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).filter(([other]) => other !== name));
}
