import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TrainingJob } from "@/lib/training/training-api";
import { trainingJob } from "@/testing/training-job";
import { TrainPage } from "./train-page";

const TOKEN = "operator-token";
const CAPTURE = {
  id: "capture-1",
  subject: "sora",
  title: { en: "Sora", ko: "소라" },
  seconds: 41.6,
  createdAt: "2026-11-24T10:00:00Z",
};

/** What the operator sees and does; the server is played by what `answers` holds. */
describe("TrainPage", () => {
  const asked = vi.fn<(method: string, path: string, body: unknown) => void>();
  let answers: Record<string, () => Response>;

  const serve = (jobs: TrainingJob[], { captures = [CAPTURE], trainers = 1 } = {}): void => {
    answers = {
      ...answers,
      "GET /api/captures": () => Response.json({ captures }),
      "GET /api/training-jobs": () => Response.json({ jobs, trainers }),
    };
  };
  const refuse = (status: number, code: string, message = "x"): (() => Response) => {
    return () => Response.json({ code, message, retryable: false }, { status });
  };
  const open = async (hash = `#${TOKEN}`): Promise<void> => {
    window.location.hash = hash;
    await act(async () => {
      render(<TrainPage />);
    });
  };
  const click = async (testId: string): Promise<void> => {
    await act(async () => {
      fireEvent.click(screen.getByTestId(testId));
    });
  };
  const type = (testId: string, value: string): void => {
    fireEvent.change(screen.getByTestId(testId), { target: { value } });
  };

  beforeEach(() => {
    sessionStorage.clear();
    asked.mockReset();
    answers = {};
    serve([]);
    URL.createObjectURL = vi.fn(() => `blob:${Math.random()}`);
    URL.revokeObjectURL = vi.fn();
    vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
      const method = init.method ?? "GET";
      asked(method, path, init.body === undefined ? undefined : JSON.parse(String(init.body)));
      const shown = new Headers(init.headers).get("authorization");
      if (path !== "/api/rooms" && shown !== `Bearer ${TOKEN}`) return refuse(401, "operator_only")();
      return answers[`${method} ${path}`]?.() ?? new Response("picture");
    });
  });

  afterEach(() => {
    cleanup();
    window.location.hash = "";
  });

  it("says where the link is printed when it was opened without one", async () => {
    await open("");
    expect(screen.getByTestId("error-message").textContent).toContain("talchum up");
    expect(asked).not.toHaveBeenCalled();
  });

  it("takes the token out of the address bar", async () => {
    await open();
    expect(window.location.hash).toBe("");
    expect(screen.getByTestId("no-jobs")).toBeTruthy();
  });

  it("says that a link is no longer good, forgets it, and takes a new one", async () => {
    await open("#another-operator");
    await waitFor(() => expect(screen.getByTestId("error-message").textContent).toContain("no longer"));
    expect(sessionStorage).toHaveLength(0);
    await act(async () => {
      window.location.hash = `#${TOKEN}`;
      window.dispatchEvent(new HashChangeEvent("hashchange"));
    });
    await waitFor(() => expect(screen.getByTestId("no-jobs")).toBeTruthy());
  });

  it("says how to get a first capture", async () => {
    serve([], { captures: [] });
    await open();
    expect(screen.getByTestId("no-captures").textContent).toContain("python -m faces.captures --only sora");
    expect(screen.queryByTestId("start-training")).toBeNull();
  });

  it("finds a capture that was made meanwhile", async () => {
    serve([], { captures: [] });
    await open();
    serve([]);
    await act(async () => {
      window.dispatchEvent(new Event("focus"));
    });
    await waitFor(() => expect(screen.getByTestId("capture-sora")).toBeTruthy());
  });

  it("says that there is no trainer", async () => {
    serve([], { trainers: 0 });
    await open();
    expect(screen.getByTestId("no-trainer").textContent).toContain("train");
  });

  it("offers no upload, and says why", async () => {
    await open();
    expect(document.querySelector('input[type="file"]')).toBeNull();
    expect(screen.getByTestId("consent-rule").textContent).toContain("No photo and no video");
  });

  it.each([
    ["no capture", () => type("identity-name", "sora-2"), "Choose what"],
    ["no name", () => fireEvent.click(screen.getByTestId("capture-sora")), "A name is"],
  ])("sends no order with %s", async (_what, fill, words) => {
    await open();
    fill();
    await click("start-training");
    expect(screen.getByTestId("order-problem").textContent).toContain(words);
    expect(asked.mock.calls.filter(([method]) => method === "POST")).toEqual([]);
  });

  it.each([
    ["", { capture: "capture-1", identity: "sora-2" }],
    ["40", { capture: "capture-1", identity: "sora-2", steps: 40 }],
  ])("sends an order with steps %j and shows the job at once", async (steps, order) => {
    await open();
    await click("capture-sora");
    type("identity-name", "sora-2");
    type("training-steps", steps);
    serve([trainingJob({ state: "queued", phase: "waiting", step: 0, secondsLeft: null })]);
    answers["POST /api/training-jobs"] = () => Response.json(trainingJob(), { status: 201 });
    await click("start-training");
    expect(asked).toHaveBeenCalledWith("POST", "/api/training-jobs", order);
    await waitFor(() => expect(screen.getByTestId("job-state").textContent).toBe("Waiting for its turn"));
    expect((screen.getByTestId("identity-name") as HTMLInputElement).value).toBe("");
  });

  it("sends no order with steps that are no number", async () => {
    await open();
    await click("capture-sora");
    type("identity-name", "sora-2");
    type("training-steps", "many");
    await click("start-training");
    expect(screen.getByTestId("order-problem").textContent).toContain("whole number");
  });

  it("says why an order was refused, and keeps what was typed", async () => {
    answers["POST /api/training-jobs"] = refuse(409, "some_new_code", "sora-2 is being learned already");
    await open();
    await click("capture-sora");
    type("identity-name", "sora-2");
    await click("start-training");
    expect(screen.getByTestId("order-problem").textContent).toBe("sora-2 is being learned already");
    expect((screen.getByTestId("identity-name") as HTMLInputElement).value).toBe("sora-2");
  });

  it("shows how far a job is and what it can do so far", async () => {
    serve([trainingJob({ psnr: 27.34, ssim: 0.9126, preview: "d1" })]);
    await open();
    expect(screen.getByTestId("job-state").textContent).toBe("Learning the face");
    const progress = screen.getByTestId("job-progress") as HTMLProgressElement;
    expect([progress.value, progress.max]).toEqual([1200, 4000]);
    expect(screen.getByText("step 1,200 of 4,000")).toBeTruthy();
    expect(screen.getByText("about 3 min left")).toBeTruthy();
    expect(screen.getByText("from Sora")).toBeTruthy();
    expect(screen.getByTestId("job-likeness").textContent).toBe("PSNR 27.3 dB · SSIM 0.913");
    await waitFor(() => expect(screen.getByTestId("held-out-picture")).toBeTruthy());
  });

  it("loads the picture anew when there is another, and lets the old one go", async () => {
    serve([trainingJob({ preview: "d1" })]);
    await open();
    await waitFor(() => expect(screen.getByTestId("held-out-picture")).toBeTruthy());
    const first = screen.getByTestId("held-out-picture").getAttribute("src");
    serve([trainingJob({ preview: "d2" })]);
    await waitFor(() => expect(screen.getByTestId("held-out-picture").getAttribute("src")).not.toBe(first), {
      timeout: 3_000,
    });
    expect(URL.revokeObjectURL).toHaveBeenCalledWith(first);
  });

  it.each([
    ["cancel", "running"],
    ["retry", "failed"],
    ["retry", "cancelled"],
  ] as const)("can %s a job that is %s", async (action, state) => {
    serve([trainingJob({ state })]);
    await open();
    await click(`${action}-job`);
    expect(asked).toHaveBeenCalledWith("POST", `/api/training-jobs/job-1/${action}`, {});
  });

  it("says why a job failed, and why it cannot be done again", async () => {
    const error = {
      code: "face_lost",
      message: "got 9 pictures with a face, expected 100",
      retryable: false,
    };
    serve([trainingJob({ state: "failed", error })]);
    answers["POST /api/training-jobs/job-1/retry"] = refuse(409, "job_not_retryable", "it is gone");
    await open();
    expect(screen.getByTestId("job-error").textContent).toContain("not seen in enough");
    expect(screen.getByTestId("job-error").textContent).toContain("expected 100");
    await click("retry-job");
    expect(screen.getByTestId("job-refusal").textContent).toBe("it is gone");
  });

  it("shows a learned face as long as there is a clip of it", async () => {
    serve([trainingJob({ state: "succeeded", step: 4000, secondsLeft: null })]);
    await open();
    const clip = screen.getByTestId("result-clip");
    expect(clip.getAttribute("src")).toBe("/api/identities/sora-2/preview.mp4");
    expect(screen.queryByTestId("cancel-job")).toBeNull();
    expect(screen.queryByTestId("job-progress")).toBeNull();
    fireEvent.error(clip);
    expect(screen.queryByTestId("result-clip")).toBeNull();
  });

  it("says why no call can be started with it", async () => {
    serve([trainingJob({ state: "succeeded" })]);
    answers["POST /api/rooms"] = refuse(429, "rate_limited");
    await open();
    await click("call-with-face");
    await waitFor(() => expect(screen.getByText(/Too many attempts/)).toBeTruthy());
  });

  it("goes on showing what it knows when the server does not answer", async () => {
    serve([trainingJob()]);
    await open();
    vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("x")));
    await waitFor(() => expect(screen.getByTestId("error-message").dataset.code).toBe("unreachable"), {
      timeout: 3_000,
    });
    expect(screen.getByTestId("job")).toBeTruthy();
  });
});
