import type { ErrorCode } from '../../errors.ts';
import type { Readiness } from '../../http/health.ts';
import type { Settings } from '../../settingsSchema.ts';
import type { Supergraph } from '../../supergraph/supergraph.ts';

/** What the process that keeps workers tells one of them. Settings and supergraph are sent: all serve by the same. */
export type WorkerOrder =
  | {
      readonly kind: 'start';
      /** Its place, from 1; a worker that replaces another has its number. */
      readonly number: number;
      readonly settings: Settings;
      readonly cwd: string;
      readonly colorize: boolean;
      /** The supergraph in force, which is put in force before it listens. */
      readonly supergraph: Supergraph | undefined;
    }
  /** Build the engine of a supergraph, and wait: `commit` puts it in force, `discard` lets it go. */
  | { readonly kind: 'prepare'; readonly id: number; readonly supergraph: Supergraph }
  /** Make the request flow of other settings, and wait in the same way. */
  | { readonly kind: 'prepareSettings'; readonly id: number; readonly settings: Settings }
  | { readonly kind: 'commit' | 'discard'; readonly id: number }
  | { readonly kind: 'readiness'; readonly id: number; readonly readiness: Readiness }
  /** Answer what is in flight, and end. */
  | { readonly kind: 'stop' };

/** What a worker tells. */
export type WorkerReport =
  /** It hears from now on: `node:cluster` drops what is sent before. */
  | { readonly kind: 'hears' }
  | { readonly kind: 'listening'; readonly url: string; readonly supergraphHash: string | undefined }
  /** It cannot start; it ends. */
  | { readonly kind: 'failed'; readonly error: SentError }
  | { readonly kind: 'prepared'; readonly id: number }
  | { readonly kind: 'refused'; readonly id: number; readonly error: SentError }
  /** Somebody asks for its health: what is waited for, and how are the others? */
  | { readonly kind: 'readiness'; readonly id: number };

/** An error that crosses between processes. */
export interface SentError {
  /** `undefined` for a fault that has no code. */
  readonly code: ErrorCode | undefined;
  readonly message: string;
}
