/** Where to go after signing in: only a place of this console, so that a link cannot lead through us to another site. */
export function safeNext(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) ? next : '/';
}
