import { z } from 'zod';
import { count, group, milliseconds, ms, setting, sizes } from '../../runtime/setting.ts';
import { claimPaths, keySetSettings, tokenHeaderName, tokenSource } from './jwtSettings.ts';

/** `authentication:` of `gateway.yaml`: who is believed to be who. */
export const authenticationSettingsSchema = group({
  require_authentication: setting(z.boolean().default(false), {
    description: 'Refuse anonymous callers with 401.',
  }),
  api_keys: group({
    enabled: setting(z.boolean().default(false), {
      description: 'Accept API keys, which `tributary keys` issues.',
    }),
    header_name: setting(tokenHeaderName.default('x-api-key'), {
      description: 'The header that holds an API key.',
    }),
    database: setting(z.string().min(1).default('.tributary/keys.sqlite'), {
      env: 'API_KEYS_DATABASE_URL',
      description: 'Where keys are stored, as hashes: a SQLite file, or `postgres://…`.',
    }),
    cache_ms: setting(z.int().min(0).max(600_000).default(5_000), {
      ...ms,
      description: 'How long a stored key is believed; a revoked one is accepted for so long at most.',
    }),
    max_cached_keys: setting(count(10_000), { unit: 'keys', description: 'Keys that are remembered.' }),
  }),
  jwt: group({
    jwks: setting(z.array(keySetSettings).default([]), {
      defaultText: 'none',
      description:
        'Key sets that tokens are verified with; see [below](#tokens). Without one, tokens are not looked at.',
    }),
    header_name: setting(tokenHeaderName.default('authorization'), {
      description: 'The header that holds a token.',
    }),
    header_value_prefix: setting(z.string().default('Bearer'), {
      description: 'What stands before the token, with a space between; empty for the token alone.',
    }),
    ignore_other_prefixes: setting(z.boolean().default(false), {
      description: 'Take a header with another prefix for none, instead of refusing it with 400.',
    }),
    sources: setting(z.array(tokenSource).default([]), {
      defaultText: 'none',
      description:
        'Where else a token may stand, in order: `{ type: header, name, value_prefix }`, `{ type: cookie, name }`.',
    }),
    on_error: setting(z.enum(['Error', 'Continue']).default('Error'), {
      description: '`Continue`: who sends a token that is refused is anonymous.',
    }),
    claims: setting(claimPaths.prefault({}), {
      description:
        'Where id, scopes and roles stand in the claims: a claim, or a path such as `realm_access.roles`.',
    }),
    leeway_ms: setting(z.int().min(0).max(600_000).default(60_000), {
      ...ms,
      description: 'What clocks may differ by where `exp` and `nbf` are checked.',
    }),
    max_token_bytes: setting(count(8_192), { ...sizes, description: 'A longer token is refused unread.' }),
    max_cached_tokens: setting(count(10_000), {
      unit: 'tokens',
      description: 'Verified tokens that are remembered, until they expire or their key is gone.',
    }),
    unknown_kid_floor_ms: setting(milliseconds(5_000), {
      ...ms,
      description: 'The least time between two reads of a key set that unknown key ids cause.',
    }),
    max_wait_ms: setting(milliseconds(1_000), {
      ...ms,
      description: 'How long a request waits while a key set is read for it.',
    }),
    fetch_timeout_ms: setting(milliseconds(5_000), {
      ...ms,
      description: 'A key set must be read in this time; otherwise the keys before stay in force.',
    }),
    max_key_set_bytes: setting(count(1_000_000), { ...sizes, description: 'A larger key set is refused.' }),
  }),
});
