/* Requests to this server: JSON, session cookie, CSRF header, problem documents as errors. */
import { text } from './strings.js';

/** A refused or failed request. `status` is 0 when the server was not reached; `problem` is the answer's document. */
export class RequestError extends Error {
  constructor(status, message, problem = {}) {
    super(message);
    this.status = status;
    this.problem = problem;
  }
}

/** The CSRF token of this page. */
export const csrfToken = () => document.querySelector('meta[name="csrf-token"]')?.content ?? '';

async function read(response) {
  if (response.status === 204 || response.status === 304) return null;
  const kind = response.headers.get('Content-Type') ?? '';
  return kind.includes('json') ? response.json() : null;
}

/** Send a request and return the answer's JSON (null when it has none). Throws RequestError. */
export async function request(method, url, { body, signal, headers = {}, timeout = 15000 } = {}) {
  const limit = AbortSignal.timeout(timeout);
  const options = { method, credentials: 'same-origin', headers: { Accept: 'application/json', ...headers }, signal: signal ? AbortSignal.any([signal, limit]) : limit };
  if (method !== 'GET') options.headers['X-CSRF-Token'] = csrfToken();
  if (body instanceof FormData) options.body = body;
  else if (body !== undefined) {
    options.headers['Content-Type'] = 'application/json';
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(url, options);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new RequestError(0, navigator.onLine ? text('failed') : text('offline'));
  }
  const answer = await read(response).catch(() => null);
  if (response.ok) return answer;
  const words = response.status === 401 ? text('signed_out') : answer?.detail || answer?.title || answer?.message || text('failed');
  throw new RequestError(response.status, words, answer ?? {});
}

export const getJson = (url, options) => request('GET', url, options);
export const postJson = (url, body, options = {}) => request('POST', url, { ...options, body });
