import { existsSync, writeFileSync } from 'node:fs';
import { parentPort, threadId } from 'node:worker_threads';
import type { ToThread } from '../../../../subgraphs/ai/local/messages.ts';

/*
 * A thread without models, which does what the text of a `language` task says: `echo`; `wait`, until it is cancelled; `crash`;
 * `crash once <file>`; `hang`, in a loop that reads no messages.
 */
const waiting = new Set<number>();

parentPort?.on('message', (message: ToThread) => {
  const { id } = message;
  if (message.task === 'cancel') {
    if (waiting.delete(id)) parentPort?.postMessage({ id, code: 'ABORTED', message: 'cancelled' });
    return;
  }
  const text = 'text' in message.input ? message.input.text : '';
  const file = /^crash once (.+)$/.exec(text)?.[1];
  if (text === 'crash' || (file && !existsSync(file))) {
    if (file) writeFileSync(file, '');
    process.exit(1);
  }
  if (text === 'wait') waiting.add(id);
  else if (text === 'hang') for (;;);
  else parentPort?.postMessage({ id, answer: { model: 'local/eld-small', language: text, threadId } });
});
