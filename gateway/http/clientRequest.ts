import type { Cancellation } from '../runtime/cancellation.ts';
import type { Principal } from './principal.ts';

/** What later phases may know of the HTTP request that an operation came with. */
export interface ClientRequest {
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** `extensions` of the GraphQL request. */
  readonly extensions: Readonly<Record<string, unknown>> | undefined;
  /** Who asks; `anonymous` without credentials. */
  readonly principal: Principal;
  /** The client's address. */
  readonly address: string;
  /** `x-request-id` of the client if it sent a harmless one, else made here. */
  readonly requestId: string;
  /** Cancelled when the client has gone. */
  readonly leaving: Cancellation;
}
