import type { MakeSdlSource } from '../sdlSource.ts';

/** `schema: { sdl: "type Query { a: Int }" }`: it changes only with `supergraph.yaml`. */
export const inlineSource: MakeSdlSource<'sdl'> = ({ sdl }) => ({
  polled: false,
  file: undefined,
  read: async () => sdl,
});
