import { restartedWithYoungGeneration, youngGenerationFlag } from '../../gateway/runtime/youngGeneration.ts';

/* A program that starts itself again with the flag, tells its flags, and ends with 7 on SIGTERM. */

if (!restartedWithYoungGeneration(!process.execArgv.includes(youngGenerationFlag))) {
  process.on('SIGTERM', () => process.exit(7));
  process.on('disconnect', () => process.exit(8));
  process.stdout.write(`${process.pid} ${process.execArgv.includes(youngGenerationFlag)}\n`);
  process.send?.({ type: 'listening' });
  setInterval(() => {}, 1000);
}
