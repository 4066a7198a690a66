import type {
  LocalClassification,
  LocalEmbeddings,
  LocalEntities,
  LocalErrorCode,
  LocalKeywords,
  LocalLabel,
  LocalLanguage,
  LocalRanking,
  LocalSentiment,
  LocalSummary,
} from './contract.ts';

/** What the thread can do: the task's input, and its answer. */
export interface LocalTasks {
  readonly embed: { readonly input: { readonly texts: readonly string[] }; readonly answer: LocalEmbeddings };
  readonly rank: {
    readonly input: { readonly query: string; readonly documents: readonly string[] };
    readonly answer: LocalRanking;
  };
  readonly classify: {
    readonly input: { readonly text: string; readonly labels: readonly LocalLabel[] };
    readonly answer: LocalClassification;
  };
  readonly language: { readonly input: { readonly text: string }; readonly answer: LocalLanguage };
  readonly sentiment: { readonly input: { readonly text: string }; readonly answer: LocalSentiment };
  readonly keywords: {
    readonly input: { readonly text: string; readonly first: number };
    readonly answer: LocalKeywords;
  };
  readonly summarize: {
    readonly input: { readonly text: string; readonly sentenceCount: number };
    readonly answer: LocalSummary;
  };
  readonly entities: { readonly input: { readonly text: string }; readonly answer: LocalEntities };
}

export type LocalTaskName = keyof LocalTasks;

/** To the thread. */
export type ToThread =
  | {
      readonly [Task in LocalTaskName]: {
        readonly id: number;
        readonly task: Task;
        readonly input: LocalTasks[Task]['input'];
      };
    }[LocalTaskName]
  /** Nobody waits for the answer any more. It is answered all the same, which shows that the thread is alive. */
  | { readonly id: number; readonly task: 'cancel' };

/** From the thread: exactly one for each task. */
export type FromThread =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly code: LocalErrorCode; readonly message: string };
