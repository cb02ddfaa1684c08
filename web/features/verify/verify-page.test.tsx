import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Report, Terms, Verification } from "@/lib/verification/verification-api";
import { report, TAG, verification } from "@/testing/verification";
import { VerifyPage } from "./verify-page";

/** Sends at once, or not until the test says so. */
class FakeUpload {
  static sent: unknown[] = [];
  static headers: string[] = [];
  static status = 202;
  static held = false;
  readonly upload: { onprogress?: (event: unknown) => void } = {};
  status = 0;
  responseText = "";
  onload?: () => void;
  onabort?: () => void;
  open(method: string, path: string): void {
    FakeUpload.headers.push(`${method} ${path}`);
  }
  setRequestHeader(name: string, value: string): void {
    FakeUpload.headers.push(`${name}: ${value}`);
  }
  send(body: unknown): void {
    FakeUpload.sent.push(body);
    this.upload.onprogress?.({ lengthComputable: true, loaded: 1, total: 2 });
    this.status = FakeUpload.status;
    if (!FakeUpload.held) this.onload?.();
  }
  abort(): void {
    this.onabort?.();
  }
}

describe("VerifyPage", () => {
  const asked = vi.fn<(what: string) => void>();
  let terms: Terms;
  let answer: Verification;
  let reserved: () => Response;

  const open = async (): Promise<void> => {
    await act(async () => {
      render(<VerifyPage />);
    });
  };
  const file = (size = 10, name = "holiday.mp4"): File => {
    const made = new File(["x"], name, { type: "video/mp4" });
    Object.defineProperty(made, "size", { value: size });
    return made;
  };
  const choose = async (chosen = file()): Promise<void> => {
    await act(async () => {
      fireEvent.change(screen.getByTestId("verify-file"), { target: { files: [chosen] } });
    });
  };
  const shown = async (changes: Partial<Report>): Promise<void> => {
    answer = verification({ state: "succeeded", report: report(changes) });
    await open();
    await choose();
    await screen.findByTestId("verdict", undefined, { timeout: 5_000 });
  };
  const text = (testId: string): string => screen.getByTestId(testId).textContent ?? "";

  beforeEach(() => {
    asked.mockReset();
    terms = { open: true, maxBytes: 512_000_000 };
    answer = verification();
    reserved = () => Response.json(verification({ state: "waiting" }), { status: 201 });
    Object.assign(FakeUpload, { sent: [], headers: [], status: 202, held: false });
    vi.stubGlobal("XMLHttpRequest", FakeUpload);
    vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
      const method = init.method ?? "GET";
      asked(`${method} ${path} ${init.body ?? ""}`.trim());
      if (method === "POST") return reserved();
      if (method === "DELETE") return Response.json({});
      return Response.json(path === "/api/verifications" ? terms : answer);
    });
  });
  afterEach(cleanup);

  it("says before anything is chosen where the video goes, and how large it may be", async () => {
    await open();
    expect(text("verify-privacy")).toContain("this server only");
    expect(text("verify-privacy")).toContain("deleted");
    expect(text("verify-choice")).toContain("512 MB");
    expect(screen.getByTestId("verify-keys").getAttribute("href")).toBe("/.well-known/talchum.json");
  });

  it("sends the bytes and nothing that names the file", async () => {
    await open();
    await choose();
    expect(asked).toHaveBeenCalledWith('POST /api/verifications {"size":10}');
    expect(FakeUpload.headers).toEqual([
      "PUT /api/verifications/v1/file",
      "content-type: application/octet-stream",
    ]);
    expect(JSON.stringify([asked.mock.calls, FakeUpload.headers])).not.toContain("holiday");
  });

  it("takes a file that was chosen before the page was ready", async () => {
    const container = document.createElement("div");
    container.innerHTML = renderToString(<VerifyPage />);
    document.body.append(container);
    const input = container.querySelector("input");
    const chosen = [file()];
    Object.defineProperty(input, "files", { get: () => chosen });
    Object.defineProperty(input, "value", { set: () => chosen.pop() });
    await act(async () => {
      render(<VerifyPage />, { container, hydrate: true });
    });
    expect(FakeUpload.sent).toHaveLength(1);
  });

  it("takes a file that is dropped anywhere", async () => {
    await open();
    fireEvent.dragOver(document.body);
    expect(screen.getByTestId("verify-choice").dataset.dragged).toBe("true");
    await act(async () => {
      fireEvent.drop(document.body, { dataTransfer: { files: [file()] } });
    });
    expect(FakeUpload.sent).toHaveLength(1);
  });

  it.each([
    [600_000_000, "too large"],
    [0, "empty"],
  ])("sends no file of %d bytes", async (size, words) => {
    await open();
    await choose(file(size));
    expect(text("verify-problem")).toContain(words);
    expect(FakeUpload.sent).toEqual([]);
  });

  it("says when the service examines nothing", async () => {
    terms = { open: false, maxBytes: 1 };
    await open();
    expect(text("verify-closed")).toContain("talchum verify");
    expect(screen.queryByTestId("verify-file")).toBeNull();
  });

  it("says what is being done and how far it is, with a way to end it under the fingers", async () => {
    answer = verification({ doing: "searching", share: 0.42 });
    await open();
    await choose();
    await waitFor(() => expect(text("verify-doing")).toContain("marked picture within"), { timeout: 5_000 });
    expect((screen.getByTestId("verify-progress") as HTMLProgressElement).value).toBe(0.42);
    expect(document.activeElement).toBe(screen.getByTestId("verify-cancel"));
    await act(async () => {
      fireEvent.click(screen.getByTestId("verify-cancel"));
    });
    expect(asked).toHaveBeenCalledWith("DELETE /api/verifications/v1");
    expect(screen.getByTestId("verify-file")).toBeTruthy();
  });

  it("has the video deleted when the page is left", async () => {
    FakeUpload.held = true;
    await open();
    await choose();
    await act(async () => {
      window.dispatchEvent(new Event("pagehide"));
    });
    expect(asked).toHaveBeenCalledWith("DELETE /api/verifications/v1");
  });

  it("offers another try where that may help, with the same file", async () => {
    reserved = () =>
      Response.json({ code: "verifications_busy", message: "x", retryable: true }, { status: 503 });
    await open();
    await choose();
    expect(text("error-message")).toContain("in a minute");
    expect(document.activeElement).toBe(screen.getByTestId("error-message"));
    reserved = () => Response.json(verification({ state: "waiting" }), { status: 201 });
    await act(async () => {
      fireEvent.click(screen.getByTestId("verify-again"));
    });
    expect(FakeUpload.sent).toHaveLength(1);
  });

  it("offers no second try with what is no video", async () => {
    const error = { code: "media_file_unreadable", message: "x", retryable: false };
    answer = verification({ state: "failed", error });
    await open();
    await choose();
    await screen.findByTestId("error-message", undefined, { timeout: 5_000 });
    expect(text("error-message")).toContain("not a video");
    expect(screen.queryByTestId("verify-again")).toBeNull();
    await act(async () => {
      fireEvent.click(screen.getByTestId("verify-another"));
    });
    expect(screen.getByTestId("verify-file")).toBeTruthy();
  });

  it("shows what a marked video carries, and where", async () => {
    await shown({});
    expect(screen.getByRole("heading", { name: "This video carries Talchum's mark" })).toBe(
      document.activeElement,
    );
    expect(text("finding-mark")).toContain("In 0:08.0 of the video's 0:12.0");
    expect(text("interval")).toContain("0:01.0 to 0:09.0");
    expect(text("interval")).toContain("AI-made face");
    expect(text("interval")).toContain(TAG);
    expect(screen.getByTestId("timeline").getAttribute("aria-label")).toContain("0:01.0 to 0:09.0");
    expect(text("finding-badge")).toContain("18 of the 24 pictures");
    expect(text("finding-badge")).toContain("75%");
    expect(text("finding-credentials")).toContain("none");
    expect(text("finding-log")).toContain("not a face of this service");
  });

  it("says of a video without marks that this is no evidence", async () => {
    const { mark } = report();
    await shown({
      verdict: "not-detected",
      mark: { ...mark, intervals: [], seconds: 0, confidence: 1.9 },
      badge: { pictures: 24, read: 0, tags: {} },
      log: {},
    });
    expect(text("verdict")).toContain("not evidence that the video is genuine");
    expect(text("finding-mark")).toContain("1.9");
    expect(text("finding-log")).toContain("no tag");
    expect(screen.queryByTestId("timeline")).toBeNull();
  });

  it("says which evidence is there, which is not, and whose", async () => {
    const { mark } = report();
    await shown({
      mark: { ...mark, intervals: [], seconds: 0 },
      badge: { pictures: 24, read: 0, tags: {} },
      credentials: { state: "valid", tags: [TAG], namesTalchum: true },
    });
    expect(text("verdict")).toContain("Only its content credentials say so");
    expect(text("verdict")).toContain("does not know who signed them");
    expect(text("finding-mark")).toContain("Not found");
    expect(text("finding-badge")).toContain("Not found");
    expect(text("finding-credentials")).toContain("signer unknown");
  });

  it("says that credentials are broken also where nothing else is found", async () => {
    const { mark } = report();
    await shown({
      verdict: "not-detected",
      mark: { ...mark, intervals: [], seconds: 0 },
      credentials: { state: "invalid", tags: [], namesTalchum: false },
    });
    expect(text("credentials-note")).toContain("they are broken");
    expect(screen.getByTestId("finding-credentials").dataset.look).toBe("broken");
  });

  it("says in words what does not go together", async () => {
    await shown({ verdict: "marked-inconsistent", disagreements: ["badge_without_mark", "something_new"] });
    expect(text("disagreements")).toContain("no invisible mark under it");
    expect(text("disagreements")).toContain("something_new");
  });

  it("tells what the log knows of a face, in the reader's time", async () => {
    const leg = {
      started: "2026-11-25T08:00:00+00:00",
      ended: null,
      kinds: ["synthetic", "anonymise"],
      revoked: "2026-11-25T09:00:00+00:00",
    };
    await shown({ log: { [TAG]: leg } });
    expect(text("logged-leg")).toContain("2026");
    expect(text("logged-leg")).toContain("AI-made face, Face covered by AI");
    expect(text("logged-leg")).toContain("revoked");
    expect(text("logged-leg")).not.toContain("Ended");
  });

  it("says that the log cannot be asked", async () => {
    await shown({ log: null });
    expect(text("finding-log")).toContain("cannot be asked");
  });

  it("copies the report as it is", async () => {
    const writeText = vi.fn(async () => undefined);
    vi.stubGlobal("navigator", { ...navigator, language: "en", clipboard: { writeText } });
    await shown({});
    await act(async () => {
      fireEvent.click(screen.getByTestId("copy-report"));
    });
    expect(JSON.parse(String(writeText.mock.calls[0]?.at(0)))).toEqual(report());
    expect(text("copy-report")).toBe("Copied");
  });

  it("shows the report to copy by hand where there is no clipboard", async () => {
    vi.stubGlobal("navigator", { ...navigator, language: "en", clipboard: undefined });
    await shown({});
    await act(async () => {
      fireEvent.click(screen.getByTestId("copy-report"));
    });
    expect(JSON.parse(text("report-json"))).toEqual(report());
    expect(document.querySelector("details")?.open).toBe(true);
  });
});
