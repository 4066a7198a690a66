import type { AnswerHeaders, SubgraphAnswer } from '../execute/subgraph/subgraphRequest.ts';

/** What may not be stored, for whatever reason. */
export const NO_STORE = 'no-store';

/**
 * Who may store an answer that is made of several, and for how long: no longer, and nobody else, than each of them allows. One that
 * says nothing is not to be stored, and neither is one that has no answer.
 *
 * `max-age` is the least of them, less the `Age` of each (RFC 9111 §4.2.3); `s-maxage` counts as one. `private`, `no-cache` and
 * `no-store`, also of single headers, forbid it, and so does a `Vary` on more than the encoding, as what a subgraph was sent need not be
 * what the client has sent. It is `public` when all say so, and nobody has shown who they are.
 *
 * Source: RFC 9111 §5.2.2 "Response Directives".
 *
 * @param answers all that the answer is made of
 * @param isForOne whether it may depend on who asks
 * @returns the value of `Cache-Control`
 */
export function mergedCacheControl(answers: readonly SubgraphAnswer[], isForOne: boolean): string {
  let seconds = Number.POSITIVE_INFINITY;
  let isPublic = !isForOne;
  let mustRevalidate = false;
  for (const { headers } of answers) {
    const policy = headers && policyOf(headers);
    if (policy === undefined) return NO_STORE;
    seconds = Math.min(seconds, policy.seconds);
    isPublic &&= policy.isPublic;
    mustRevalidate ||= policy.mustRevalidate;
  }
  if (!Number.isFinite(seconds) || seconds <= 0) return NO_STORE;
  return [`max-age=${seconds}`, isPublic ? 'public' : 'private', mustRevalidate ? 'must-revalidate' : '']
    .filter((directive) => directive !== '')
    .join(', ');
}

interface CachePolicy {
  readonly seconds: number;
  readonly isPublic: boolean;
  readonly mustRevalidate: boolean;
}

/** @returns `undefined` where an answer must not be stored, or does not say for how long */
function policyOf(headers: AnswerHeaders): CachePolicy | undefined {
  const varies = listOf(headers.vary);
  if (varies.some((name) => name.toLowerCase() !== 'accept-encoding')) return undefined;
  const directives = listOf(headers['cache-control']).map(directiveOf);
  const names = new Set(directives.map(({ name }) => name));
  if (['private', 'no-cache', 'no-store'].some((name) => names.has(name))) return undefined;
  const ages = directives.filter(({ name }) => name === 'max-age' || name === 's-maxage');
  // a value that is none makes the answer stale (RFC 9111 §4.2.1)
  const fresh = Math.min(...ages.map(({ value }) => (/^\d{1,10}$/.test(value) ? Number(value) : 0)));
  const seconds = fresh - ageOf(headers.age);
  if (!Number.isFinite(seconds)) return undefined;
  return {
    seconds,
    isPublic: names.has('public'),
    mustRevalidate: names.has('must-revalidate') || names.has('proxy-revalidate'),
  };
}

function ageOf(age: AnswerHeaders[string]): number {
  const [first] = listOf(age);
  if (first === undefined) return 0;
  return /^\d{1,10}$/.test(first) ? Number(first) : Number.POSITIVE_INFINITY;
}

/** Members of a list, which commas part that stand in no quotes (RFC 9110 §5.6.1). */
function listOf(value: AnswerHeaders[string]): readonly string[] {
  const text = typeof value === 'string' ? value : (value ?? []).join(',');
  return (text.match(/(?:"(?:[^"\\]|\\.)*"|[^,"]|")+/g) ?? [])
    .map((member) => member.trim())
    .filter((member) => member !== '');
}

function directiveOf(member: string): { readonly name: string; readonly value: string } {
  const [name = '', ...rest] = member.split('=');
  return {
    name: name.trim().toLowerCase(),
    value: rest
      .join('=')
      .trim()
      .replace(/^"(.*)"$/, '$1'),
  };
}
