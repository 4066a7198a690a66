import type { Settings } from '../settingsSchema.ts';

/**
 * The header fields of a request that its answer may differ by: credentials, and what rules send on to subgraphs. `*` where a rule
 * names no header: such an answer is not to be used for another request at all.
 * Source: RFC 9110 §12.5.5 "Vary".
 */
export function varyOf({ authentication: { jwt, api_keys }, headers }: Settings): string {
  const rules = [headers.all, ...Object.values(headers.subgraphs)].flatMap(({ request }) => request);
  if (rules.some(({ propagate }) => propagate?.matching !== undefined)) return '*';
  const names = new Set([jwt.header_name, api_keys.header_name]);
  for (const source of jwt.sources) names.add(source.type === 'cookie' ? 'cookie' : source.name);
  for (const { propagate } of rules) if (propagate?.named !== undefined) names.add(propagate.named);
  return [...names].join(', ');
}
