/** The forms of an HTTP-date; `Date.parse` reads all, and much besides. Source: RFC 9110 §5.6.7. */
const HTTP_DATE =
  /^(?:\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT|\w{6,9}, \d{2}-\w{3}-\d{2} \d{2}:\d{2}:\d{2} GMT|\w{3} \w{3} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;

/**
 * How long a server wants its client to wait, in ms; `undefined` where it does not say so in a form that the specification has.
 *
 * @param value of `Retry-After`: `120`, or `Fri, 31 Dec 1999 23:59:59 GMT`
 * @param nowMs by `Date.now()`
 * Source: RFC 9110 §10.2.3
 */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  if (!HTTP_DATE.test(value)) return undefined;
  // the oldest form has no zone, and is in UTC all the same
  const atMs = Date.parse(value.endsWith('GMT') ? value : `${value} GMT`);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
