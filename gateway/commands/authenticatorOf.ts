import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from 'pino';
import { GatewayError } from '../errors.ts';
import type { KeyStore } from '../http/authenticate/apiKeys/keyStore.ts';
import { KeyVerifier } from '../http/authenticate/apiKeys/keyVerifier.ts';
import {
  type KeySetSettings,
  publicKeyAlgorithms,
  sharedSecretAlgorithms,
} from '../http/authenticate/jwtSettings.ts';
import { JwtVerifier, type TrustedIssuer } from '../http/authenticate/jwtVerifier.ts';
import { KeySet, type KeySetOptions } from '../http/authenticate/keySet.ts';
import { readKeySet, secretKey } from '../http/authenticate/readKeySet.ts';
import { Authenticator, type AuthenticatorOptions } from '../http/authenticate.ts';
import { boundedRequest, requestProblem, withoutSecrets } from '../runtime/boundedRequest.ts';
import type { Settings } from '../settingsSchema.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

export interface AuthenticatorParts {
  readonly settings: Settings;
  readonly cwd: string;
  readonly telemetry: Telemetry;
  readonly log: Logger;
}

type JwtSettings = Settings['authentication']['jwt'];

/**
 * Builds what the settings say of authentication. Key sets on this machine are read here; those of a URL are read in the
 * background, since their server may start after the gateway.
 *
 * @throws GatewayError SETTINGS_INVALID for a file that is no key set
 */
export async function authenticatorOf({
  settings,
  cwd,
  telemetry,
  log,
}: AuthenticatorParts): Promise<Authenticator> {
  const { jwt, require_authentication: requiresAuthentication } = settings.authentication;
  if (!settings.csrf_prevention && jwt.sources.some(({ type }) => type === 'cookie')) {
    throw new GatewayError('SETTINGS_INVALID', {
      message:
        'csrf_prevention: cannot be off with tokens in cookies (authentication.jwt.sources): every site could act as the user.',
    });
  }
  const issuers = await Promise.all(
    jwt.jwks.map((keySet, index) =>
      trustedIssuer(keySet, { jwt, cwd, log, key: `authentication.jwt.jwks[${index}]` }),
    ),
  );
  const header = { type: 'header', name: jwt.header_name, value_prefix: jwt.header_value_prefix } as const;
  return new Authenticator({
    tokens:
      issuers.length === 0
        ? undefined
        : {
            places: { sources: [header, ...jwt.sources], ignoresOtherPrefixes: jwt.ignore_other_prefixes },
            verifier: new JwtVerifier({
              issuers,
              leewayMs: jwt.leeway_ms,
              maxTokenBytes: jwt.max_token_bytes,
              maxCachedTokens: jwt.max_cached_tokens,
            }),
            keySets: issuers.map(({ keySet }) => keySet),
            continuesOnError: jwt.on_error === 'Continue',
          },
    keys: await keysOf({ settings, cwd, log }),
    requiresAuthentication,
    telemetry,
    log,
  });
}

async function keysOf({
  settings,
  cwd,
  log,
}: Omit<AuthenticatorParts, 'telemetry'>): Promise<AuthenticatorOptions['keys']> {
  const { enabled, header_name: headerName, cache_ms, max_cached_keys } = settings.authentication.api_keys;
  if (!enabled) return undefined;
  const store = await keyStoreOf(settings, cwd, (error) =>
    log.warn({ err: error }, 'an idle connection to the API keys broke'),
  );
  // so that what is wrong is told at once; requests with a key are refused with 503 until it is mended
  store.ready().catch((error: unknown) => log.error({ err: error }, 'the store of API keys cannot be used'));
  const verifier = new KeyVerifier({
    store,
    headerName,
    cacheMs: cache_ms,
    maxCachedKeys: max_cached_keys,
    log,
  });
  return { headerName, verifier, close: () => store.close() };
}

/**
 * The store that the settings name, for the gateway and for `tributary keys`. The database drivers, one of them native, are
 * loaded with it and not by a gateway without API keys.
 */
export async function keyStoreOf(
  { authentication }: Settings,
  cwd: string,
  onConnectionError?: (error: Error) => void,
): Promise<KeyStore> {
  const { KeyStore } = await import('../http/authenticate/apiKeys/keyStore.ts');
  const { database } = authentication.api_keys;
  const isServer = /^postgres(ql)?:/.test(database);
  return new KeyStore(isServer ? database : path.resolve(cwd, database), onConnectionError);
}

interface KeySetParts {
  readonly jwt: JwtSettings;
  readonly cwd: string;
  readonly log: Logger;
  /** For errors: `authentication.jwt.jwks[0]`. */
  readonly key: string;
}

async function trustedIssuer(settings: KeySetSettings, parts: KeySetParts): Promise<TrustedIssuer> {
  const keySet = await startedKeySet(settings, parts);
  const { url, secret } = settings;
  const defaults =
    secret !== undefined
      ? (['HS256'] as const)
      : url !== undefined
        ? publicKeyAlgorithms
        : [...publicKeyAlgorithms, ...sharedSecretAlgorithms];
  return {
    keySet,
    issuers: settings.issuers,
    audiences: settings.audiences,
    algorithms: settings.algorithms ?? defaults,
    allowMissingExp: settings.allow_missing_exp,
    claims: settings.claims ?? parts.jwt.claims,
  };
}

async function startedKeySet(
  { url, file, secret, key_id, headers, poll_interval_ms }: KeySetSettings,
  { jwt, cwd, log, key }: KeySetParts,
): Promise<KeySet> {
  const common = {
    pollIntervalMs: poll_interval_ms,
    unknownKidFloorMs: jwt.unknown_kid_floor_ms,
    maxWaitMs: jwt.max_wait_ms,
    log,
  };
  if (url !== undefined) {
    const keySet = new KeySet({ ...common, ...remoteKeys(url, headers, jwt) });
    void keySet.start();
    return keySet;
  }
  const keySet = new KeySet(
    file !== undefined
      ? { ...common, ...localKeys(path.resolve(cwd, file), jwt.max_key_set_bytes) }
      : { ...common, name: key, read: async () => '', parse: () => [secretKey(secret ?? '', key_id)] },
  );
  try {
    await keySet.startStrictly();
  } catch (cause) {
    keySet.stop();
    throw new GatewayError('SETTINGS_INVALID', {
      message: `The key set of ${key}, ${file}, cannot be used: ${requestProblem(cause)}.`,
      cause,
    });
  }
  return keySet;
}

type KeyReader = Pick<KeySetOptions, 'name' | 'read' | 'parse'>;

function remoteKeys(url: string, headers: KeySetSettings['headers'], jwt: JwtSettings): KeyReader {
  const { fetch_timeout_ms: timeoutMs, max_key_set_bytes: maxBytes } = jwt;
  return {
    name: withoutSecrets(url),
    parse: (text) => readKeySet(text, { allowsSecrets: false }),
    async read(signal) {
      const deadline = AbortSignal.timeout(timeoutMs);
      try {
        const { status, text } = await boundedRequest({
          url,
          headers: {
            accept: 'application/jwk-set+json, application/json;q=0.9',
            ...Object.fromEntries(headers.map(({ name, value }) => [name, value])),
          },
          maxBytes,
          signal: AbortSignal.any([signal, deadline]),
        });
        if (status !== 200) throw new Error(`HTTP status ${status}`);
        return text;
      } catch (cause) {
        throw deadline.aborted
          ? new Error(`no answer within ${timeoutMs} ms`, { cause })
          : new Error(requestProblem(cause), { cause });
      }
    },
  };
}

function localKeys(file: string, maxBytes: number): KeyReader {
  return {
    name: file,
    parse: (text) => readKeySet(text, { allowsSecrets: true }),
    async read(signal) {
      const { size } = await stat(file);
      if (size > maxBytes) throw new Error(`it has ${size} bytes, and ${maxBytes} are allowed`);
      return readFile(file, { encoding: 'utf8', signal });
    },
  };
}
