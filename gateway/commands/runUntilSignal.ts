import { endOnFault } from './endOnFault.ts';
import type { RunningGateway } from './serving.ts';

/**
 * Serves until SIGINT or SIGTERM, then drains and ends with 0. Further signals change nothing, as requests in flight were
 * promised their time: a terminal sends SIGINT to every process of a group, and one that is handed on by another comes twice.
 * SIGHUP reads the settings again. Under a supervisor (a process that started this one with an IPC channel) it also ends when
 * that one has gone, so that no port stays taken.
 */
export async function runUntilSignal(start: () => Promise<RunningGateway>): Promise<void> {
  let ended: (() => void) | undefined;
  const end = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const onSignal = (): void => ended?.();
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('disconnect', onSignal);
  // the supervisor may have gone while the modules were loaded, with nobody listening for it
  if (process.send !== undefined && !process.connected) process.exit(0);

  const running = start();
  // a signal while the gateway still starts is honoured as soon as it has
  const { stop, reload, log } = await running;
  endOnFault(log);
  process.on('SIGHUP', () => void reload());
  // a supervisor that has gone meanwhile has no use for it
  if (process.connected) process.send?.({ type: 'listening' });
  await end;
  log.info('draining');
  await stop();
  // The log's reader may have gone with the supervisor. At the exit sonic-boom (4.2, `flushSync`) would try for ever to write
  // what is left to it; `stop` has flushed the log already.
  process.removeAllListeners('exit');
  process.exit(0);
}
