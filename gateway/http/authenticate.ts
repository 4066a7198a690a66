import type { Logger } from 'pino';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type KeyVerifier, keyChallenge } from './authenticate/apiKeys/keyVerifier.ts';
import {
  credentialHeader,
  findToken,
  type HeadersOfRequest,
  type TokenPlaces,
} from './authenticate/credentials.ts';
import type { JwtVerifier } from './authenticate/jwtVerifier.ts';
import type { KeySet } from './authenticate/keySet.ts';
import { bearerChallenge, CredentialsRefused, malformed } from './authenticate/refusals.ts';
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
  /** `undefined`: API keys are not looked at. */
  readonly keys:
    | {
        readonly headerName: string;
        readonly verifier: KeyVerifier;
        /** Closes the store. */
        readonly close: () => Promise<void>;
      }
    | undefined;
  /** Whether anonymous callers are refused. */
  readonly requiresAuthentication: boolean;
  readonly telemetry: Telemetry;
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
      const principal = (await this.#byKey(request)) ?? (await this.#byToken(request));
      if (principal.kind === 'anonymous' && this.#options.requiresAuthentication) {
        throw new CredentialsRefused('UNAUTHENTICATED', {
          reason: 'MISSING_CREDENTIALS',
          message: 'This graph answers nobody without credentials.',
          challenge: this.#challenge(),
        });
      }
      this.#count(principal.kind);
      return principal;
    } catch (error) {
      if (error instanceof CredentialsRefused) {
        this.#count(error.reason);
        this.#options.log.debug({ code: error.code, reason: error.reason }, 'credentials were refused');
      }
      throw error;
    }
  }

  #count(result: string): void {
    const { telemetry } = this.#options;
    if (telemetry.isHeard) telemetry.record('authentications', 1, { 'authentication.result': result });
  }

  async #byKey(request: HeadersOfRequest): Promise<Principal | undefined> {
    const { keys, tokens } = this.#options;
    const key = keys && credentialHeader(keys.headerName, request);
    if (keys === undefined || key === undefined) return undefined;
    // which of two callers it is must not be guessed; a token that a browser adds as a cookie is none that was sent
    const headers = tokens?.places.sources.filter(({ type }) => type === 'header') ?? [];
    if (tokens !== undefined && findToken(request, { ...tokens.places, sources: headers }) !== undefined) {
      throw malformed('DUPLICATE_CREDENTIALS', 'Send either an API key or a token, not both.');
    }
    return keys.verifier.verify(key);
  }

  #challenge(): string {
    const { tokens, keys } = this.#options;
    const challenges = [
      ...(tokens !== undefined || keys === undefined ? [bearerChallenge()] : []),
      ...(keys === undefined ? [] : [keyChallenge(keys.headerName)]),
    ];
    return challenges.join(', ');
  }

  async #byToken(request: HeadersOfRequest): Promise<Principal> {
    const { tokens, log } = this.#options;
    if (tokens === undefined) return anonymous;
    try {
      const token = findToken(request, tokens.places);
      return token === undefined ? anonymous : await tokens.verifier.verify(token);
    } catch (error) {
      if (!tokens.continuesOnError || !(error instanceof CredentialsRefused)) throw error;
      this.#count(error.reason);
      log.debug({ reason: error.reason }, 'a refused token leaves its sender anonymous');
      return anonymous;
    }
  }

  /** Ends the polling of key sets, and closes the store of API keys. */
  async stop(): Promise<void> {
    for (const keySet of this.#options.tokens?.keySets ?? []) keySet.stop();
    await this.#options.keys?.close();
  }
}
