import { createHash } from 'node:crypto';

/** The composed whole. It never changes; a new one replaces it. */
export interface Supergraph {
  readonly sdl: string;
  /** SHA-256 of `sdl`, hex: two supergraphs with one hash are the same. */
  readonly hash: string;
}

export function supergraphFromSdl(sdl: string): Supergraph {
  return Object.freeze({ sdl, hash: sha256(sdl) });
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
