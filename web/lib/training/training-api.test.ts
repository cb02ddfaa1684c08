// @vitest-environment node
import { beforeEach, describe, expect, it, vi } from "vitest";
import { TrainingApi } from "./training-api";

describe("TrainingApi", () => {
  const fetched = vi.fn<typeof fetch>();
  const api = new TrainingApi("secret");

  beforeEach(() => {
    vi.stubGlobal("fetch", fetched);
    fetched.mockReset().mockImplementation(async () => Response.json({}));
  });

  it.each([
    ["GET", "/api/captures", () => api.captures()],
    ["GET", "/api/captures/c%2F1/thumbnail.webp", () => api.thumbnail("c/1")],
    ["GET", "/api/training-jobs", () => api.jobs()],
    ["POST", "/api/training-jobs", () => api.start({ capture: "c", identity: "sora-2" })],
    ["POST", "/api/training-jobs/j1/cancel", () => api.cancel("j1")],
    ["POST", "/api/training-jobs/j1/retry", () => api.retry("j1")],
    ["GET", "/api/training-jobs/j1/preview.webp", () => api.preview("j1")],
  ])("shows its token at %s %s", async (method, path, ask) => {
    await ask();
    const [address, init] = fetched.mock.calls[0] ?? [];
    expect([init?.method, address]).toEqual([method, path]);
    expect(new Headers(init?.headers).get("authorization")).toBe("Bearer secret");
  });

  it("sends an order as JSON", async () => {
    const order = { capture: "c", identity: "sora-2", steps: 40 };
    await api.start(order);
    const init = fetched.mock.calls[0]?.[1];
    expect(new Headers(init?.headers).get("content-type")).toBe("application/json");
    expect(JSON.parse(String(init?.body))).toEqual(order);
  });

  it("unpacks captures and hands on jobs with the number of trainers", async () => {
    fetched.mockResolvedValueOnce(Response.json({ captures: [{ id: "c" }] }));
    fetched.mockResolvedValueOnce(Response.json({ jobs: [], trainers: 1 }));
    expect(await api.captures()).toEqual([{ id: "c" }]);
    expect(await api.jobs()).toEqual({ jobs: [], trainers: 1 });
  });

  it("says what the server refused, also instead of a picture", async () => {
    const refusal = { code: "operator_only", message: "x", retryable: false };
    fetched.mockImplementation(async () => Response.json(refusal, { status: 401 }));
    await expect(api.jobs()).rejects.toMatchObject({ code: "operator_only", retryable: false });
    await expect(api.preview("j1")).rejects.toMatchObject({ code: "operator_only" });
  });

  it("says that nobody answers", async () => {
    fetched.mockRejectedValue(new TypeError("failed to fetch"));
    await expect(api.captures()).rejects.toMatchObject({ code: "unreachable", retryable: true });
  });

  it.each([
    [502, true],
    [404, false],
  ])("takes a %d without words for what it is", async (status, retryable) => {
    fetched.mockResolvedValue(new Response("<html>", { status }));
    await expect(api.jobs()).rejects.toMatchObject({ code: `http_${status}`, retryable });
  });
});
