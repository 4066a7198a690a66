import type { Logger } from 'pino';
import { findToken, type HeadersOfRequest, type TokenPlaces } from './authenticate/credentials.ts';
import type { JwtVerifier } from './authenticate/jwtVerifier.ts';
import type { KeySet } from './authenticate/keySet.ts';
import { bearerChallenge, CredentialsRefused } from './authenticate/refusals.ts';
import { anonymous, type Principal } from './principal.ts';

export interface AuthenticatorOptions {
  /** `undefined`: tokens are not looked at. */
  readonly tokens:
    | {
        readonly places: TokenPlaces;
        readonly verifier: JwtVerifier;
        readonly keySets: readonly KeySet[];
        /** Whether a token that is refused leaves its sender anonymous. */
        readonly continuesOnError: boolean;
      }
    | undefined;
  /** Whether anonymous callers are refused. */
  readonly requiresAuthentication: boolean;
  readonly log: Logger;
}

/** Finds out who sends a request. It is asked before a byte of the body is read. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /**
   * @throws CredentialsRefused AUTH_ERROR (400) for credentials that are not of their form, UNAUTHENTICATED (401) for those
   *   that prove nothing, or for none where some are required, AUTHENTICATION_UNAVAILABLE (503)
   */
  async principalOf(request: HeadersOfRequest): Promise<Principal> {
    try {
      const principal = await this.#byToken(request);
      if (principal.kind === 'anonymous' && this.#options.requiresAuthentication) {
        throw new CredentialsRefused('UNAUTHENTICATED', {
          reason: 'MISSING_CREDENTIALS',
          message: 'This graph answers nobody without credentials.',
          challenge: bearerChallenge(),
        });
      }
      return principal;
    } catch (error) {
      if (error instanceof CredentialsRefused) {
        this.#options.log.debug({ code: error.code, reason: error.reason }, 'credentials were refused');
      }
      throw error;
    }
  }

  async #byToken(request: HeadersOfRequest): Promise<Principal> {
    const { tokens, log } = this.#options;
    if (tokens === undefined) return anonymous;
    try {
      const token = findToken(request, tokens.places);
      return token === undefined ? anonymous : await tokens.verifier.verify(token);
    } catch (error) {
      if (!tokens.continuesOnError || !(error instanceof CredentialsRefused)) throw error;
      log.debug({ reason: error.reason }, 'a refused token leaves its sender anonymous');
      return anonymous;
    }
  }

  /** Ends the polling of keys. */
  stop(): void {
    for (const keySet of this.#options.tokens?.keySets ?? []) keySet.stop();
  }
}
