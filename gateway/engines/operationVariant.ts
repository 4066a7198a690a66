/** On what the preparation of an operation depends beside its text. */
export interface OperationVariant {
  /** What was drawn for `@override(label: "percent(n)")`; 0 where there is no such label. */
  readonly percentage: number;
  /** Values of the variables that `@skip` and `@include` name. */
  readonly conditions: ReadonlyMap<string, boolean>;
}

/** As a part of a key: `25 withPrice=1 withStock=0`. Empty where nothing varies. */
export function printVariant({ percentage, conditions }: OperationVariant): string {
  let text = percentage === 0 ? '' : String(percentage);
  for (const [name, value] of conditions) text += ` ${name}=${value ? 1 : 0}`;
  return text;
}

export function readVariant(text: string): OperationVariant {
  const [percentage = '', ...conditions] = text.split(' ');
  return {
    percentage: Number(percentage),
    conditions: new Map(
      conditions.map((condition) => {
        const [name = '', value] = condition.split('=');
        return [name, value === '1'];
      }),
    ),
  };
}
