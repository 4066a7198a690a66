import type { Logger } from 'pino';
import { exitCodes } from './exitCodes.ts';

/**
 * Ends this process with 1 on an error that nobody caught, once the log has it: what state it left is not known, and to go on
 * could answer wrongly. Requests in flight are lost; with several workers, only those of this one.
 */
export function endOnFault(log: Logger): void {
  process.on('uncaughtException', (error, origin) => {
    log.fatal({ err: error, origin }, 'a fault ended this process');
    const end = (): void => {
      // what is left to a reader that has gone would be written for ever (see `runUntilSignal.ts`)
      process.removeAllListeners('exit');
      process.exit(exitCodes.failed);
    };
    log.flush(end);
    // a log that cannot be written must not keep it
    setTimeout(end, FLUSH_TIMEOUT_MS).unref();
  });
}

const FLUSH_TIMEOUT_MS = 1_000;
