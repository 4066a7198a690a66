import type { SchemaSource } from './config/readSupergraphConfig.ts';
import type { MakeSdlSource, SdlSource, SdlSourceOptions } from './sdlSource.ts';
import { fileSource } from './sdlSources/file.ts';
import { inlineSource } from './sdlSources/inline.ts';
import { subgraphUrlSource } from './sdlSources/subgraphUrl.ts';

/** The kinds of `schema` in `supergraph.yaml`. (`graphref` needs a hosted registry; its reader refuses it.) */
const sdlSources: { readonly [Kind in SchemaSource['kind']]: MakeSdlSource<Kind> } = {
  file: fileSource,
  subgraph_url: subgraphUrlSource,
  sdl: inlineSource,
};

export function sdlSourceFor(schema: SchemaSource, options: SdlSourceOptions): SdlSource {
  // the map pairs each kind with its maker; TypeScript cannot follow that through an index
  const make = sdlSources[schema.kind] as MakeSdlSource<SchemaSource['kind']>;
  return make(schema, options);
}
