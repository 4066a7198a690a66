import { createHash } from 'node:crypto';
import type { ModelCall } from '../call/modelCall.ts';

/**
 * Equal for calls that would be asked with the same words: the tenant is part of it, so that no tenant is ever answered
 * out of another one's cache, and so is the alias with all that stands behind it.
 */
export function cacheKey({ tenant, alias, messages, output, options, guardrails }: ModelCall): string {
  const { temperature, topP, maxOutputTokens, stop, seed } = options;
  const parts = [
    tenant,
    alias.name,
    alias.revision,
    messages.map(({ role, content }) => [role, content]),
    output?.schema ?? null,
    [temperature, topP, maxOutputTokens ?? alias.maxOutputTokens, stop, seed].map((value) => value ?? null),
    guardrails,
  ];
  return `ai:answer:${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`;
}
