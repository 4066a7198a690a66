import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from 'jose';

/** A key pair with an id. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  /** As it stands in a key set. */
  readonly jwk: JWK;
}

type CryptoKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

export async function makeKey(kid: string, alg = 'RS256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
  return { kid, alg, privateKey, publicKey, jwk };
}

/** The time that a minted token counts its seconds from. */
export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

export interface MintOptions {
  readonly key: SigningKey | { readonly secret: Uint8Array; readonly alg: string };
  /** Laid over those of a token that is accepted; `undefined` leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Partial<JWTHeaderParameters>;
}

/** A token of the user u1 as the issuer `https://issuer.test` makes it for `gateway`. */
export async function mint({ key, claims = {}, header = {} }: MintOptions): Promise<string> {
  const payload: Record<string, unknown> = {
    iss: 'https://issuer.test',
    aud: 'gateway',
    sub: 'u1',
    exp: nowSeconds() + 600,
    ...claims,
  };
  const kid = 'kid' in key ? { kid: key.kid } : {};
  return new SignJWT(payload)
    .setProtectedHeader({ alg: key.alg, ...kid, ...header })
    .sign('secret' in key ? key.secret : key.privateKey);
}

/** Parts of a token that no library would sign: `header.payload.signature`. */
export function tokenOf(header: unknown, payload: unknown, signature = ''): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(payload)}.${signature}`;
}

/** Serves a key set as an issuer does, and counts how often it is read. */
export interface KeySetServer {
  readonly url: string;
  /** Requests so far. */
  readonly hits: number;
  /** What is answered from now on: keys, or anything else. */
  serve(answer: readonly JWK[] | RequestListener): void;
  /** The next request from now on. */
  nextHit(): Promise<void>;
  close(): Promise<void>;
}

export async function startKeySetServer(keys: readonly JWK[] | RequestListener): Promise<KeySetServer> {
  let answer = keys;
  let hits = 0;
  let waiting: (() => void)[] = [];
  const server = createServer((request, response) => {
    hits += 1;
    for (const resolve of waiting) resolve();
    waiting = [];
    if (typeof answer === 'function') answer(request, response);
    else response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: answer }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/.well-known/jwks.json`,
    get hits() {
      return hits;
    },
    serve(next) {
      answer = next;
    },
    nextHit: () => new Promise((resolve) => waiting.push(resolve)),
    async close() {
      const closed = once(server, 'close');
      server.closeAllConnections();
      server.close();
      await closed;
    },
  };
}
