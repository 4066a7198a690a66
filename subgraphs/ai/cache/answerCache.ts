/** Keeps answers of equal calls. A cache that fails is a cache that has nothing: it never fails a call. */
export interface AnswerCache {
  /** @returns the text that was put under the key, or `null` */
  get(key: string): Promise<string | null>;
  put(key: string, text: string, ttlSeconds: number): Promise<void>;
  close(): Promise<void>;
}
