/** What the gateway asks of the planner's thread. */
export interface PlannerRequest {
  readonly id: number;
  /** One operation with its fragments. */
  readonly operation: string;
  /** Labels of `@override(label:)` that are switched on. */
  readonly activeLabels: readonly string[];
  /** 0 to 100, for labels of the form `percent(n)`: fields overridden for `n` percent are when this is below `n`. */
  readonly percentage: number;
}

export type PlannerAnswer =
  | {
      readonly kind: 'ready';
      readonly overrideLabels: readonly string[];
      readonly overridePercentages: readonly number[];
    }
  | { readonly kind: 'planned'; readonly id: number; readonly plan: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };
