/** Asking the call server over HTTP; what it refuses becomes an ApiError. */

/** A request the call server refused, or could not be asked at all (`unreachable`). */
export class ApiError extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, message: string, retryable: boolean) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.retryable = retryable;
  }
}

/** The answer to a request. Throws ApiError. */
export async function request(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, credentials: "same-origin", cache: "no-store" });
  } catch {
    throw new ApiError("unreachable", "the call server did not answer", true);
  }
  if (response.ok) return response;
  throw refusal(response.status, await response.json().catch(() => null));
}

/** What a refusal says: its status, and its body where that is JSON. */
export function refusal(status: number, body: unknown): ApiError {
  const fields = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  return new ApiError(
    typeof fields.code === "string" ? fields.code : `http_${status}`,
    typeof fields.message === "string" ? fields.message : `the call server answered ${status}`,
    typeof fields.retryable === "boolean" ? fields.retryable : status >= 500,
  );
}

/** The JSON that answers a request, null where there is none. Throws ApiError. */
export async function ask(path: string, init: RequestInit): Promise<unknown> {
  const response = await request(path, init);
  return response.json().catch(() => null);
}

export const post = (body: unknown): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});
