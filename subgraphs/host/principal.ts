import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { SubgraphError } from './errors.ts';
import { readEnvironment } from './settings.ts';

/** Who asks, as the gateway has found out. Its signed header is all that a subgraph believes of that. */
export interface Principal {
  readonly kind: 'anonymous' | 'user' | 'key';
  /** Of the user or the API key; `undefined` only for an anonymous caller. */
  readonly id: string | undefined;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  /** What the gateway's settings send of the token's claims. */
  readonly claims: Readonly<Record<string, unknown>>;
}

export const anonymous: Principal = Object.freeze({
  kind: 'anonymous',
  id: undefined,
  scopes: [],
  roles: [],
  claims: {},
});

/** Finds out who sends a request. */
export type ReadPrincipal = (headers: IncomingHttpHeaders) => Principal;

export interface PrincipalReaderOptions {
  /** The subgraph's name in `supergraph.yaml`: what is meant for another one is refused. */
  readonly audience: string;
  /** The secret in force, and while it is being changed the one before. None: every caller is anonymous. */
  readonly secrets: readonly string[];
  readonly now?: () => number;
}

/** Source of name and format: docs/principal-header.md, which is also where the gateway's side has it from. */
const headerName = 'x-tributary-principal';
const clockLeewaySeconds = 5;
const maxHeaderLength = 16_384;

const list = z.array(z.string());
const payloadShape = z.object({
  v: z.literal(1),
  aud: z.string(),
  iat: z.int(),
  exp: z.int(),
  kind: z.enum(['anonymous', 'user', 'key']),
  id: z.string().min(1).optional(),
  scopes: list,
  roles: list,
  claims: z.record(z.string(), z.unknown()),
});

/**
 * Makes the reader of the gateway's signed header. It throws UNAUTHENTICATED (401) for a header that is not valid: a caller
 * that cannot be known is not taken for an anonymous one. Without the header a caller is anonymous.
 */
export function principalReader({
  audience,
  secrets,
  now = Date.now,
}: PrincipalReaderOptions): ReadPrincipal {
  return (headers) => {
    const value = headers[headerName];
    // without a secret nothing can be believed; Node.js joins a header that came twice, and no signature fits that
    if (value === undefined || secrets.length === 0) return anonymous;
    if (typeof value !== 'string' || value.length > maxHeaderLength) throw refusal('is not of its form');
    const [payload = '', mac = '', ...others] = value.split('.');
    if (others.length > 0) throw refusal('is not of its form');
    if (!secrets.some((secret) => isSignedBy(secret, payload, mac)))
      throw refusal('is signed with another secret');
    const principal = payloadShape.safeParse(parseJson(payload)).data;
    if (principal === undefined || (principal.kind === 'anonymous') !== (principal.id === undefined)) {
      throw refusal('is of another version');
    }
    const { aud, iat, exp, kind, id, scopes, roles, claims } = principal;
    if (aud !== audience) throw refusal('is meant for another subgraph');
    const seconds = now() / 1000;
    if (exp + clockLeewaySeconds <= seconds) throw refusal('has expired');
    if (iat - clockLeewaySeconds > seconds) throw refusal('is of the future');
    return { kind, id, scopes, roles, claims };
  };
}

function isSignedBy(secret: string, payload: string, mac: string): boolean {
  const expected = createHmac('sha256', secret).update(payload).digest();
  const given = Buffer.from(mac, 'base64url');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function parseJson(payload: string): unknown {
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function refusal(reason: string): SubgraphError {
  return new SubgraphError('UNAUTHENTICATED', `The header ${headerName} ${reason}.`, {
    http: { status: 401 },
  });
}

const secret = z
  .string('a text of 32 bytes or more, the same as the gateway’s')
  .refine((text) => Buffer.byteLength(text) >= 32, 'a text of 32 bytes or more');

/**
 * The secrets of the environment: `PRINCIPAL_SECRET`, and `PRINCIPAL_SECRET_PREVIOUS` while it is being changed.
 *
 * @throws SettingsError for one that is too short, and in production for none: every caller would be anonymous
 */
export function readPrincipalSecrets(environment: NodeJS.ProcessEnv): readonly string[] {
  const isProduction = environment.NODE_ENV === 'production';
  const { PRINCIPAL_SECRET: current, PRINCIPAL_SECRET_PREVIOUS: previous } = readEnvironment(
    {
      PRINCIPAL_SECRET: isProduction ? secret : secret.optional(),
      PRINCIPAL_SECRET_PREVIOUS: secret.optional(),
    },
    environment,
  );
  return [current, previous].filter((text) => text !== undefined);
}
