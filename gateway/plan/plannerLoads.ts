/** Whether the native planner has a build for this machine; it has none for Windows and musl. */
export async function plannerLoads(): Promise<boolean> {
  try {
    await import('@graphql-hive/router-query-planner');
    return true;
  } catch {
    return false;
  }
}
