/**
 * How long this process, with the gateway in it, computed for a request. Unlike the time on the clock it does not grow
 * when other processes want the same cores, so a bound on it holds on a busy machine too.
 */
export async function busyMsOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
