/**
 * A signal that aborts when the parent of this process has gone.
 *
 * npm runs a script in a shell. A SIGTERM to npm ends that shell, and what runs in it gets no signal: it lives on, and keeps
 * its ports. Only for a process that npm has started: one that outlives the shell it was typed in may be meant to.
 *
 * @param parentOf gives the id of the parent as it is now; another one takes the place of a parent that ends
 */
export function parentGone(parentOf: () => number = () => process.ppid, pollMs = 500): AbortSignal {
  const gone = new AbortController();
  const first = parentOf();
  const timer = setInterval(() => {
    if (parentOf() === first) return;
    clearInterval(timer);
    gone.abort();
  }, pollMs);
  timer.unref();
  return gone.signal;
}
