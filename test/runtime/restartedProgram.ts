import { collectorFlags, restartedWithCollectorFlags } from '../../gateway/runtime/collectorFlags.ts';

/* A program that starts itself again with the flags, tells whether it has them, and ends with 7 on SIGTERM. */

const hasFlags = collectorFlags.every((flag) => process.execArgv.includes(flag));
if (!restartedWithCollectorFlags(!hasFlags)) {
  process.on('SIGTERM', () => process.exit(7));
  process.on('disconnect', () => process.exit(8));
  process.stdout.write(`${process.pid} ${hasFlags}\n`);
  process.send?.({ type: 'listening' });
  setInterval(() => {}, 1000);
}
