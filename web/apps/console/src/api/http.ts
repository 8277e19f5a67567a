import { session } from '../session/session.ts';
import { hasEnded } from '../session/session_store.ts';
import { text } from '../text/everywhere.ts';

/** A request that failed, with the server's plain words. `status` 0: the server could not be reached. */
export class ApiError extends Error {
  readonly status: number;
  readonly retryAfterS: number | null;

  constructor(status: number, message: string, retryAfterS: number | null = null) {
    super(message);
    this.status = status;
    this.retryAfterS = retryAfterS;
  }
}

interface Request {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  json?: unknown;
  form?: FormData | URLSearchParams;
  sdp?: string;
  /** Asks without the session's token, and without ending the session when refused. */
  anonymous?: boolean;
  signal?: AbortSignal;
}

/** Asks the gateway and reads JSON. A 401 ends the session, which shows the sign-in page. Raises `ApiError`. */
export async function request<Answer>(path: string, options: Request = {}): Promise<Answer> {
  const answer = await send(path, options);
  // An answer without content may still name a type for it.
  const isJson = answer.status !== 204 && answer.headers.get('Content-Type')?.startsWith('application/json') === true;
  return (isJson ? await answer.json() : null) as Answer;
}

/** Fetches a picture. The token travels in the header, never in the URL. Raises `ApiError`. */
export async function requestPicture(path: string, signal?: AbortSignal): Promise<Blob> {
  const answer = await send(path, signal === undefined ? {} : { signal });
  return await answer.blob();
}

/** Begins a video session with an SDP offer (WHIP). Raises `ApiError`. */
export async function offerSession(path: string, offer: string): Promise<{ answer: string; location: string }> {
  const answer = await send(path, { method: 'POST', sdp: offer });
  return { answer: await answer.text(), location: answer.headers.get('Location') ?? '' };
}

/** Ends a video session. Raises `ApiError`. */
export async function endSession(location: string): Promise<void> {
  await send(location, { method: 'DELETE' });
}

const RENEWAL = '/api/token/refresh';
let renew: () => Promise<void> = () => Promise.resolve();

/** Says how a session whose token ended, while this device slept, gets another one before anything is asked with it. */
export function renewEndedSessionsWith(renewal: () => Promise<void>): void {
  renew = renewal;
}

async function send(path: string, { method = 'GET', json, form, sdp, anonymous = false, signal }: Request): Promise<Response> {
  const signedIn = session.get();
  if (!anonymous && path !== RENEWAL && signedIn !== null && hasEnded(signedIn, Date.now())) await renew();
  const token = anonymous ? undefined : session.get()?.token;
  const headers = new Headers();
  if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
  if (json !== undefined) headers.set('Content-Type', 'application/json');
  if (sdp !== undefined) headers.set('Content-Type', 'application/sdp');
  const body = json === undefined ? (sdp ?? form ?? null) : JSON.stringify(json);
  let answer: Response;
  try {
    answer = await fetch(path, { method, headers, body, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, text.errors.unreachable);
  }
  if (!answer.ok) throw await refusal(answer, token);
  return answer;
}

async function refusal(answer: Response, token: string | undefined): Promise<ApiError> {
  // Only the session that was refused ends: a newer one may have begun while this answer was under way.
  if (answer.status === 401 && token !== undefined && session.get()?.token === token) session.set(null);
  const retryAfter = Number(answer.headers.get('Retry-After') ?? NaN);
  const words = await detailOf(answer);
  return new ApiError(answer.status, words, Number.isFinite(retryAfter) ? retryAfter : null);
}

async function detailOf(answer: Response): Promise<string> {
  try {
    const { detail } = (await answer.json()) as { detail?: unknown };
    return typeof detail === 'string' ? detail : text.errors.status(answer.status);
  } catch {
    return text.errors.status(answer.status);
  }
}

/** Sends one file and reports progress in [0, 1], which `fetch` cannot. Raises `ApiError`. */
export function upload<Answer>(path: string, field: string, file: File, onProgress: (share: number) => void): Promise<Answer> {
  const form = new FormData();
  form.append(field, file, file.name);
  return uploadForm(path, form, onProgress);
}

/** Sends a form with files and reports progress in [0, 1]; `signal` ends it. Raises `ApiError`, and `AbortError` then. */
export function uploadForm<Answer>(path: string, form: FormData, onProgress: (share: number) => void, signal?: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const transfer = new XMLHttpRequest();
    transfer.open('POST', path);
    transfer.setRequestHeader('Authorization', `Bearer ${session.get()?.token ?? ''}`);
    transfer.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    transfer.onerror = () => {
      reject(new ApiError(0, text.errors.unreachable));
    };
    transfer.onabort = () => {
      reject(new DOMException('cancelled', 'AbortError'));
    };
    transfer.onload = () => {
      const body = parse(transfer.responseText);
      if (transfer.status < 300) resolve(body as Answer);
      else {
        const detail = (body as { detail?: unknown } | null)?.detail;
        reject(new ApiError(transfer.status, typeof detail === 'string' ? detail : text.errors.status(transfer.status)));
      }
    };
    signal?.addEventListener('abort', () => {
      transfer.abort();
    });
    transfer.send(form);
  });
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
