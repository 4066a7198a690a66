/** `native` is the default; `stock` is asked where the native planner finds no plan, or dies of an operation. */
export type PlannerKind = 'native' | 'stock';

/** What the gateway tells a planner's process. */
export type PlannerRequest =
  | { readonly kind: 'start'; readonly planner: PlannerKind; readonly supergraphSdl: string }
  | {
      readonly kind: 'plan';
      readonly id: number;
      /** One operation with its fragments. */
      readonly operation: string;
      /** 0 to 100, for labels of the form `percent(n)`: fields overridden for `n` percent are when this is below `n`. */
      readonly percentage: number;
    };

export type PlannerAnswer =
  | { readonly kind: 'ready'; readonly overridePercentages: readonly number[] }
  | { readonly kind: 'refused'; readonly message: string }
  /** The plan as the planner writes it; `readPlan.ts` reads it. */
  | { readonly kind: 'planned'; readonly id: number; readonly plan: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };
