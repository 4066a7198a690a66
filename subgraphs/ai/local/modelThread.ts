import { parentPort } from 'node:worker_threads';
import { classify } from './classify.ts';
import { LocalError } from './contract.ts';
import { type Encoder, loadEncoder } from './encoder.ts';
import { entities } from './entities.ts';
import { keywords } from './keywords.ts';
import type { FromThread, LocalTasks, ToThread } from './messages.ts';
import { embed, rank } from './rank.ts';
import { summarize } from './summarize.ts';
import { loadWink, type WinkText } from './wink.ts';

/*
 * The thread that holds the models. Each is loaded by the first task that needs it: telling a language does not wait for the
 * encoder, and costs no memory for it.
 */

/** The reader takes time by the square of a word's length; nothing that is a word is so long. */
const tooLongWords = /\S{1000,}/g;

let encoder: Promise<Encoder> | null = null;
let wink: ((text: string) => WinkText) | null = null;

function getEncoder(): Promise<Encoder> {
  encoder ??= loadEncoder();
  return encoder;
}

function readText(text: string): WinkText {
  wink ??= loadWink();
  return wink(text.replaceAll(tooLongWords, ' '));
}

const port = parentPort;
if (!port) throw new Error('This module runs in a worker thread.');

/** Tasks that are not answered yet. */
const running = new Map<number, AbortController>();

port.on('message', (message: ToThread) => {
  if (message.task === 'cancel') {
    running.get(message.id)?.abort(new LocalError('ABORTED', 'Nobody waits for the answer any more.'));
    return;
  }
  const controller = new AbortController();
  running.set(message.id, controller);
  void answerTo(message, controller.signal).then((reply) => {
    running.delete(message.id);
    port.postMessage(reply);
  });
});

type Task = Exclude<ToThread, { task: 'cancel' }>;

async function answerTo(message: Task, signal: AbortSignal): Promise<FromThread> {
  const { id } = message;
  try {
    return { id, answer: await run(message, signal) };
  } catch (error) {
    if (error instanceof LocalError) return { id, code: error.code, message: error.message };
    const text = error instanceof Error ? error.message : String(error);
    return { id, code: 'UNAVAILABLE', message: `The local models failed: ${text}` };
  }
}

async function run(message: Task, signal: AbortSignal): Promise<LocalTasks[Task['task']]['answer']> {
  switch (message.task) {
    case 'embed':
      return embed(await getEncoder(), message.input.texts, signal);
    case 'rank':
      return rank(await getEncoder(), message.input, signal);
    case 'classify':
      return classify(await getEncoder(), message.input, signal);
    case 'keywords': {
      const { text, first } = message.input;
      return keywords(await getEncoder(), { text, first, read: readText(text) }, signal);
    }
    case 'summarize': {
      const { text, sentenceCount } = message.input;
      return summarize(await getEncoder(), { sentenceCount, read: readText(text) }, signal);
    }
    case 'language':
      return (await import('./language.ts')).language(message.input.text);
    case 'sentiment':
      return (await import('./sentiment.ts')).sentiment(readText(message.input.text).sentences);
    case 'entities':
      return entities(message.input.text, readText(message.input.text));
    default:
      return message satisfies never;
  }
}
