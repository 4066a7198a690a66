import { GatewayError } from '../../errors.ts';

/**
 * Why credentials are refused, for logs. The names for tokens are Apollo Router's.
 * Source: apollo-router `plugins/authentication/error.rs`.
 */
export type RefusalReason =
  | 'INVALID_PREFIX'
  | 'MISSING_JWT'
  | 'DUPLICATE_CREDENTIALS'
  | 'INVALID_HEADER'
  | 'TOKEN_TOO_LARGE'
  | 'CANNOT_FIND_KID'
  | 'CANNOT_FIND_SUITABLE_KEY'
  | 'UNSUPPORTED_KEY_ALGORITHM'
  | 'INVALID_ISSUER'
  | 'INVALID_AUDIENCE'
  | 'EXPIRED_SIGNATURE'
  | 'IMMATURE_SIGNATURE'
  | 'INVALID_SIGNATURE'
  | 'INVALID_CLAIMS'
  | 'CANNOT_DECODE_JWT'
  | 'KEYS_UNAVAILABLE'
  | 'INVALID_API_KEY'
  | 'EXPIRED_API_KEY'
  | 'STORE_UNAVAILABLE'
  | 'MISSING_CREDENTIALS';

/** A refusal of credentials, with its reason beside what the client reads. */
export class CredentialsRefused extends GatewayError {
  readonly reason: RefusalReason;

  constructor(
    code: 'AUTH_ERROR' | 'UNAUTHENTICATED' | 'AUTHENTICATION_UNAVAILABLE',
    details: {
      readonly reason: RefusalReason;
      readonly message: string;
      readonly challenge?: string;
      readonly cause?: unknown;
    },
  ) {
    const { challenge } = details;
    super(code, {
      message: details.message,
      cause: details.cause,
      ...(challenge === undefined ? {} : { headers: { 'www-authenticate': challenge } }),
    });
    this.reason = details.reason;
  }
}

/**
 * The `Bearer` challenge. What stands in it is written here and never comes from a client.
 * Source: RFC 6750 §3 and §3.1: without credentials it names no error.
 */
export function bearerChallenge(error?: 'invalid_request' | 'invalid_token', description = ''): string {
  if (error === undefined) return 'Bearer realm="graphql"';
  return `Bearer realm="graphql", error="${error}", error_description="${description.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '')}"`;
}

/** The credentials are not of the form that is expected: nothing was verified. */
export function malformed(reason: RefusalReason, message: string): CredentialsRefused {
  return new CredentialsRefused('AUTH_ERROR', {
    reason,
    message,
    challenge: bearerChallenge('invalid_request', message),
  });
}

/** A token that does not prove who sends it. */
export function invalidToken(reason: RefusalReason, message: string, cause?: unknown): CredentialsRefused {
  return new CredentialsRefused('UNAUTHENTICATED', {
    reason,
    message,
    cause,
    challenge: bearerChallenge('invalid_token', message),
  });
}
