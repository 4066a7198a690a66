import { type DocumentNode, Kind, type SchemaDefinitionNode } from 'graphql';

/** A specification that the supergraph uses: `@link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)`. */
export interface Link {
  /** `inaccessible` */
  readonly specification: string;
  /** `v0.2` */
  readonly version: string;
  /** `SECURITY`, `EXECUTION`, or `undefined`. */
  readonly purpose: string | undefined;
  readonly as: string | undefined;
  readonly imports: readonly { readonly name: string; readonly as: string }[];
}

/** Source: link specification v1.0, https://specs.apollo.dev/link/v1.0/; core v0.2, its older form. */
export function linksOf(supergraph: DocumentNode): Link[] {
  const schemas = supergraph.definitions.filter(
    (definition): definition is SchemaDefinitionNode =>
      definition.kind === Kind.SCHEMA_DEFINITION || definition.kind === Kind.SCHEMA_EXTENSION,
  );
  return schemas.flatMap(({ directives }) =>
    (directives ?? []).flatMap((directive): Link[] => {
      const argument = (name: string) => directive.arguments?.find((each) => each.name.value === name)?.value;
      // `@core(feature:)` is what `@link(url:)` was called before
      const url = argument('url') ?? argument('feature');
      const as = argument('as');
      const purpose = argument('for');
      const imports = argument('import');
      if (url?.kind !== Kind.STRING) return [];
      const steps = url.value.replace(/\/+$/, '').split('/');
      return [
        {
          specification: steps.at(-2) ?? '',
          version: steps.at(-1) ?? '',
          purpose: purpose?.kind === Kind.ENUM ? purpose.value : undefined,
          as: as?.kind === Kind.STRING ? as.value : undefined,
          imports: (imports?.kind === Kind.LIST ? imports.values : []).flatMap((value) => {
            if (value.kind === Kind.STRING) return [{ name: value.value, as: value.value }];
            if (value.kind !== Kind.OBJECT) return [];
            const text = (key: string): string | undefined => {
              const field = value.fields.find(({ name }) => name.value === key)?.value;
              return field?.kind === Kind.STRING ? field.value : undefined;
            };
            const name = text('name');
            return name === undefined ? [] : [{ name, as: text('as') ?? name }];
          }),
        },
      ];
    }),
  );
}
