import type { Logger } from 'pino';
import { GatewayError } from '../errors.ts';
import type { SubgraphTls } from '../execute/subgraph/connections.ts';
import { FollowedTls } from '../runtime/tls/followedTls.ts';
import type { TlsSources } from '../runtime/tls/tlsMaterial.ts';
import type { Settings } from '../settingsSchema.ts';

interface TlsParts {
  readonly settings: Settings;
  readonly cwd: string;
  readonly log: Logger;
}

/** How the settings secure connections to subgraphs, with certificates that are followed until `stop`. */
export interface TlsOfSubgraphs {
  /** `undefined` for a subgraph of which the settings say nothing. */
  readonly of: (subgraph: string) => SubgraphTls | undefined;
  readonly followed: readonly FollowedTls[];
  stop(): void;
}

/** @throws GatewayError SETTINGS_INVALID that names the setting whose certificate or key cannot be used */
export function tlsOfSubgraphs({ settings: { tls }, cwd, log }: TlsParts): TlsOfSubgraphs {
  const followed: FollowedTls[] = [];
  const stop = (): void => {
    for (const each of followed) each.stop();
  };
  const secured = (said: SaidTls, keyOf: KeyOf): SubgraphTls | undefined => {
    if (Object.values(said).every((value) => value === undefined)) return undefined;
    const material = followTls({ sources: sourcesOf(said, keyOf), cwd, log });
    followed.push(material);
    return { material, serverName: said.server_name };
  };
  try {
    const all = secured(tls.all, (key) => `tls.all.${key}`);
    const own = new Map(
      Object.entries(tls.subgraphs).map(([subgraph, said]) => [
        subgraph,
        secured({ ...tls.all, ...said }, (key, group) =>
          said[group] === undefined ? `tls.all.${key}` : `tls.subgraphs.${subgraph}.${key}`,
        ),
      ]),
    );
    return { of: (subgraph) => (own.has(subgraph) ? own.get(subgraph) : all), followed, stop };
  } catch (error) {
    stop();
    throw error;
  }
}

/**
 * What the gateway shows of itself where it listens; `undefined` where it listens without TLS.
 * @throws GatewayError SETTINGS_INVALID that names the setting whose certificate or key cannot be used
 */
export function tlsOfListener({ settings: { listen }, cwd, log }: TlsParts): FollowedTls | undefined {
  if (listen.tls === undefined) return undefined;
  const { certificate, key, client_certificate_authorities: authorities } = listen.tls;
  const sources: TlsSources = {
    authorities:
      authorities === undefined
        ? undefined
        : { setting: 'listen.tls.client_certificate_authorities', value: authorities },
    chain: { setting: 'listen.tls.certificate', value: certificate },
    key: { setting: 'listen.tls.key', value: key },
  };
  return followTls({ sources, cwd, log });
}

type SaidTls = Settings['tls']['all'];
/** The setting that a PEM of it is said by. */
type KeyOf = (key: string, group: 'certificate_authorities' | 'client_authentication') => string;

function sourcesOf({ certificate_authorities, client_authentication }: SaidTls, keyOf: KeyOf): TlsSources {
  const authorities = certificate_authorities;
  const own = client_authentication;
  const keyOfOwn = (name: string): string => keyOf(`client_authentication.${name}`, 'client_authentication');
  return {
    authorities:
      authorities === undefined
        ? undefined
        : { setting: keyOf('certificate_authorities', 'certificate_authorities'), value: authorities },
    chain: own && { setting: keyOfOwn('certificate_chain'), value: own.certificate_chain },
    key: own && { setting: keyOfOwn('key'), value: own.key },
  };
}

function followTls(options: {
  readonly sources: TlsSources;
  readonly cwd: string;
  readonly log: Logger;
}): FollowedTls {
  try {
    return new FollowedTls(options);
  } catch (cause) {
    throw new GatewayError('SETTINGS_INVALID', {
      message: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
}

/** Seconds until the first of the certificates expires; `NaN` where there is none. */
export function secondsToExpiry(followed: readonly FollowedTls[], now = Date.now()): number {
  const times = followed.flatMap(({ current }) =>
    current.expiries.map(({ expiresAt }) => expiresAt.getTime()),
  );
  return times.length === 0 ? Number.NaN : (Math.min(...times) - now) / 1000;
}
