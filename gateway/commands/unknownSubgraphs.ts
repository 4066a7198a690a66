import { parse } from 'graphql';
import type { Logger } from 'pino';
import type { Gateway } from '../gateway.ts';
import type { Settings } from '../settingsSchema.ts';
import { subgraphUrls } from '../supergraph/subgraphUrls.ts';

/**
 * Says in the log which settings are for subgraphs that the supergraph in force does not have: a name that is written wrongly
 * would change nothing, without a word. It is no error, as subgraphs come and go while the settings stay.
 */
export function warnOfUnknownSubgraphs(gateway: Gateway, settings: Settings, log: Logger): void {
  const named = namedSubgraphs(settings);
  if (named.size === 0) return;
  let said = '';
  gateway.onEngine(({ supergraph }) => {
    const known = subgraphNames(supergraph.sdl);
    const unknown = Array.from(named.keys()).filter((key) => !known.has(named.get(key) ?? ''));
    // not said again at every swap
    if (unknown.length > 0 && unknown.join() !== said) {
      log.warn({ settings: unknown }, 'settings are for subgraphs that the supergraph does not have');
    }
    said = unknown.join();
  });
}

/** The subgraphs that settings are for, by the key of the setting: `traffic_shaping.subgraphs.reviews`. */
function namedSubgraphs(settings: Settings): ReadonlyMap<string, string> {
  const named = new Map<string, string>();
  for (const [group, value] of Object.entries(settings)) {
    // what `tributary dev` starts is not what is served
    if (group === 'dev' || typeof value !== 'object' || value === null) continue;
    const { subgraphs } = value as { readonly subgraphs?: unknown };
    if (typeof subgraphs !== 'object' || subgraphs === null || Array.isArray(subgraphs)) continue;
    for (const name of Object.keys(subgraphs)) named.set(`${group}.subgraphs.${name}`, name);
  }
  return named;
}

/** Of a supergraph in force, which is a valid one. Only what names subgraphs is parsed. */
function subgraphNames(sdl: string): ReadonlySet<string> {
  const text = /^enum join__Graph\b(?:"(?:\\.|[^"\\])*"|[^"}])*\}/m.exec(sdl)?.[0];
  return new Set(subgraphUrls(parse(text ?? sdl)).keys());
}
