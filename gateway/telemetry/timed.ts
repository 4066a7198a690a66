/**
 * Waits for work, and tells how long it took.
 *
 * @param told the duration in seconds, and what the work was rejected with, if it was
 */
export async function timed<Value>(
  work: Promise<Value>,
  told: (seconds: number, error: unknown) => void,
): Promise<Value> {
  const startedAt = performance.now();
  try {
    const value = await work;
    told((performance.now() - startedAt) / 1000, undefined);
    return value;
  } catch (error) {
    told((performance.now() - startedAt) / 1000, error);
    throw error;
  }
}
