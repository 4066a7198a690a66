import type { Worker } from 'node:worker_threads';
import { startWorker } from '../../host/startWorker.ts';
import { type LocalCall, type LocalEngine, LocalError } from './contract.ts';
import { unclassifiable } from './labels.ts';
import { checkText, checkTexts } from './limits.ts';
import type { FromThread, LocalTaskName, LocalTasks, ToThread } from './messages.ts';

export interface LocalEngineOptions {
  /** Of a call that names none; the first one loads the models within it. */
  readonly timeoutMs?: number;
  /** Calls that may be under way or wait; a list of entities makes one for each. */
  readonly maxPending?: number;
  /** The length of all their texts together. */
  readonly maxPendingCharacters?: number;
  /** After a time without calls the thread ends and gives back its memory. */
  readonly idleAfterMs?: number;
  /** A thread that does not say anything for so long after a call was given up is replaced. */
  readonly stuckAfterMs?: number;
  /** How long `close` waits for calls under way. */
  readonly graceMs?: number;
  /** The thread's program; tests put another one in its place. */
  readonly thread?: URL;
  /** Called when a thread ended by itself or was replaced. */
  readonly onThreadLost?: (reason: Error) => void;
}

/** A call is sent to a second thread when the first one broke under it, but not to a third: it may be what breaks them. */
const maxSendings = 2;

interface Pending {
  readonly message: ToThread;
  sendings: number;
  /** Resolves or rejects the caller's promise, and ends its timers. */
  finish(outcome: FromThread | LocalError): void;
}

/** The small models in a thread of their own; see `LocalEngine`. */
export function openLocalEngine(options: LocalEngineOptions = {}): LocalEngine {
  const threads = new LocalThreads(options);
  const ask = threads.ask.bind(threads);
  // what is wrong with the input is told here, without waking the thread
  return {
    async embed(texts, call) {
      checkTexts('texts', texts);
      return ask('embed', { texts }, call);
    },
    async rank(query, documents, call) {
      checkTexts('documents', [query, ...documents]);
      return ask('rank', { query, documents }, call);
    },
    async classify(text, labels, call) {
      checkText(text);
      const reason = unclassifiable(labels);
      if (reason !== null) throw new LocalError('UNSUPPORTED', reason);
      return ask('classify', { text, labels }, call);
    },
    async language(text, call) {
      checkText(text);
      return ask('language', { text }, call);
    },
    async sentiment(text, call) {
      checkText(text);
      return ask('sentiment', { text }, call);
    },
    async keywords(text, first, call) {
      checkText(text);
      return ask('keywords', { text, first }, call);
    },
    async summarize(text, sentenceCount, call) {
      checkText(text);
      return ask('summarize', { text, sentenceCount }, call);
    },
    async entities(text, call) {
      checkText(text);
      return ask('entities', { text }, call);
    },
    close: () => threads.close(),
  };
}

class LocalThreads {
  readonly #options: Required<Omit<LocalEngineOptions, 'onThreadLost'>>;
  readonly #onThreadLost: (reason: Error) => void;
  readonly #pending = new Map<number, Pending>();
  #pendingCharacters = 0;
  #worker: Worker | null = null;
  #lastId = 0;
  #isClosed = false;
  #idleTimer: NodeJS.Timeout | null = null;
  /** Calls that were given up and are not answered yet, each with the time at which the thread counts as stuck. */
  readonly #givenUp = new Map<number, NodeJS.Timeout>();

  constructor({ onThreadLost = () => {}, ...options }: LocalEngineOptions) {
    this.#onThreadLost = onThreadLost;
    this.#options = {
      timeoutMs: 15_000,
      maxPending: 2_000,
      maxPendingCharacters: 2_000_000,
      idleAfterMs: 600_000,
      stuckAfterMs: 5_000,
      graceMs: 2_000,
      thread: new URL('./modelThread.js', import.meta.url),
      ...options,
    };
  }

  ask<Task extends LocalTaskName>(
    task: Task,
    input: LocalTasks[Task]['input'],
    { timeoutMs = this.#options.timeoutMs, signal }: LocalCall = {},
  ): Promise<LocalTasks[Task]['answer']> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw new LocalError('CLOSED', 'The local models have been closed.');
      if (signal?.aborted) throw aborted();
      const characters = charactersOf(input);
      const { maxPending, maxPendingCharacters } = this.#options;
      const isFull = this.#pendingCharacters + characters > maxPendingCharacters && this.#pending.size > 0;
      if (isFull || this.#pending.size >= maxPending) {
        throw new LocalError('QUEUE_FULL', `${this.#pending.size} calls wait for the local models already.`);
      }
      this.#lastId += 1;
      const id = this.#lastId;
      const giveUp = (error: LocalError): void => this.#giveUp(id, error);
      const onAbort = (): void => giveUp(aborted());
      const timer = setTimeout(() => {
        giveUp(new LocalError('TIMEOUT', `The local models did not answer within ${timeoutMs} ms.`));
      }, timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      // the task and its input belong together, which a union over a generic name cannot tell
      const message = { id, task, input } as unknown as ToThread;
      this.#pendingCharacters += characters;
      this.#pending.set(id, {
        message,
        sendings: 0,
        finish: (outcome) => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', onAbort);
          this.#pending.delete(id);
          this.#pendingCharacters -= characters;
          if (outcome instanceof LocalError) reject(outcome);
          else if ('answer' in outcome) resolve(outcome.answer as LocalTasks[Task]['answer']);
          else reject(new LocalError(outcome.code, outcome.message));
          this.#rest();
        },
      });
      this.#send(id);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const deadline = Date.now() + this.#options.graceMs;
    while (this.#pending.size > 0 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const pending of [...this.#pending.values()]) {
      pending.finish(new LocalError('CLOSED', 'The local models have been closed.'));
    }
    await this.#endThread();
  }

  #send(id: number): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    pending.sendings += 1;
    if (this.#idleTimer) clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
    this.#worker ??= this.#startThread();
    // a program that waits for an answer goes on; one that waits for nothing may end
    this.#worker.ref();
    this.#worker.postMessage(pending.message);
  }

  #startThread(): Worker {
    const worker = startWorker(this.#options.thread, { name: 'local-models' });
    worker.on('message', (reply: FromThread) => {
      clearTimeout(this.#givenUp.get(reply.id));
      this.#givenUp.delete(reply.id);
      this.#pending.get(reply.id)?.finish(reply);
    });
    worker.on('error', (error) => this.#lose(worker, error));
    worker.on('exit', (code) => this.#lose(worker, new Error(`The thread ended with ${code}.`)));
    return worker;
  }

  #giveUp(id: number, error: LocalError): void {
    const worker = this.#worker;
    if (worker) {
      worker.postMessage({ id, task: 'cancel' } satisfies ToThread);
      const timer = setTimeout(() => {
        this.#lose(worker, new Error('The thread does not answer.'));
        void worker.terminate();
      }, this.#options.stuckAfterMs);
      timer.unref();
      this.#givenUp.set(id, timer);
    }
    this.#pending.get(id)?.finish(error);
  }

  /** Goes on with a new thread; what the lost one had is sent again. */
  #lose(worker: Worker, reason: Error): void {
    if (worker !== this.#worker) return;
    this.#forgetThread();
    this.#onThreadLost(reason);
    for (const [id, pending] of [...this.#pending]) {
      if (pending.sendings < maxSendings && !this.#isClosed) this.#send(id);
      else {
        const message = 'The thread of the local models ended twice during the call.';
        pending.finish(new LocalError('UNAVAILABLE', message, { cause: reason }));
      }
    }
  }

  #rest(): void {
    if (this.#pending.size > 0) return;
    this.#worker?.unref();
    if (this.#idleTimer) clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => void this.#endThread(), this.#options.idleAfterMs);
    this.#idleTimer.unref();
  }

  async #endThread(): Promise<void> {
    if (this.#idleTimer) clearTimeout(this.#idleTimer);
    const worker = this.#worker;
    this.#forgetThread();
    await worker?.terminate();
  }

  #forgetThread(): void {
    this.#worker = null;
    for (const timer of this.#givenUp.values()) clearTimeout(timer);
    this.#givenUp.clear();
  }
}

function charactersOf(input: LocalTasks[LocalTaskName]['input']): number {
  if ('text' in input) return input.text.length;
  const texts = 'texts' in input ? input.texts : [input.query, ...input.documents];
  return texts.reduce((sum, text) => sum + text.length, 0);
}

function aborted(): LocalError {
  return new LocalError('ABORTED', 'The call was given up.');
}
