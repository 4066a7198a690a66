import type { AnswerCache } from './answerCache.ts';

const maxBytes = 32 * 1024 * 1024;

/** Answers in this process, the least recently used ones dropped above 32 MB of text. */
export function memoryCache(now: () => number = Date.now): AnswerCache {
  const entries = new Map<string, { readonly text: string; readonly expiresAt: number }>();
  let bytes = 0;
  const drop = (key: string): void => {
    bytes -= 2 * (key.length + (entries.get(key)?.text.length ?? 0));
    entries.delete(key);
  };
  return {
    async get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return null;
      if (entry.expiresAt <= now()) {
        drop(key);
        return null;
      }
      // a Map keeps the order of insertion: what was used last comes last
      entries.delete(key);
      entries.set(key, entry);
      return entry.text;
    },
    async put(key, text, ttlSeconds) {
      if (entries.has(key)) drop(key);
      const size = 2 * (key.length + text.length);
      if (size > maxBytes) return;
      entries.set(key, { text, expiresAt: now() + ttlSeconds * 1_000 });
      bytes += size;
      for (const oldest of entries.keys()) {
        if (bytes <= maxBytes) break;
        drop(oldest);
      }
    },
    async close() {
      entries.clear();
    },
  };
}
