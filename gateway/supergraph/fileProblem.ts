/**
 * Why a file cannot be read, in one sentence that says what to do. The first words are Rover's (`File "…" not found: …`).
 */
export function fileProblem(file: string, cause: unknown): string {
  const { code, message } = cause as { code?: unknown; message?: unknown };
  if (code === 'ENOENT') return `File "${file}" not found: create it, or name another one.`;
  if (code === 'EACCES' || code === 'EPERM') return `File "${file}" may not be read by this user.`;
  if (code === 'EISDIR') return `"${file}" is a folder, not a file.`;
  return `File "${file}" could not be read: ${typeof message === 'string' ? message : String(cause)}`;
}
