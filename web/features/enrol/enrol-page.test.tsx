import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EnrolmentSnapshot } from "@/lib/enrolment/enrolment-visit";
import { FakeServer, LICENCE, OFFER, STATEMENT } from "@/testing/enrolment";
import { asTrack, camera } from "@/testing/fake-media";
import { EnrolPage } from "./enrol-page";

/** The visit, played: what it is asked is noted, and what it shows is set by the test. */
const played = vi.hoisted(() => ({
  snapshot: null as unknown,
  begun: [] as unknown[],
  did: [] as string[],
  listeners: new Set<() => void>(),
}));
vi.mock("@/lib/enrolment/enrolment-visit", () => ({
  EnrolmentVisit: class {
    get snapshot() {
      return played.snapshot;
    }
    subscribe = (listener: () => void) => {
      played.listeners.add(listener);
      return () => played.listeners.delete(listener);
    };
    openCamera = () => played.did.push("open");
    begin = async (wish: unknown) => played.begun.push(wish);
    cancel = async () => played.did.push("cancel");
    stop = () => played.did.push("stop");
  },
}));

const READY: EnrolmentSnapshot = {
  phase: "ready",
  camera: { on: true, track: null, failure: null, facingMode: "user" },
  prompt: null,
  hint: "",
  begun: false,
  done: 0,
  left: 0,
  again: null,
  end: null,
  offer: null,
};

describe("EnrolPage", () => {
  let server: FakeServer;

  const show = (change: Partial<EnrolmentSnapshot>): void => {
    act(() => {
      played.snapshot = { ...READY, ...change };
      for (const listener of played.listeners) listener();
    });
  };
  const open = async (): Promise<void> => {
    await act(async () => {
      render(<EnrolPage />);
    });
  };
  const click = async (testId: string): Promise<void> => {
    await act(async () => {
      fireEvent.click(screen.getByTestId(testId));
    });
  };
  const agree = async (): Promise<void> => {
    fireEvent.change(screen.getByTestId("title"), { target: { value: " Hana " } });
    await click("agreed");
    await click("adult");
  };
  const enter = async (): Promise<void> => {
    await open();
    await agree();
    await click("to-camera");
  };
  const disabled = (testId: string): boolean => screen.getByTestId<HTMLButtonElement>(testId).disabled;
  const text = (testId: string): string => screen.getByTestId(testId).textContent ?? "";

  beforeEach(() => {
    server = new FakeServer();
    played.snapshot = READY;
    played.begun = [];
    played.did = [];
    vi.stubGlobal("fetch", server.fetch);
    HTMLMediaElement.prototype.play = async () => undefined;
    vi.stubGlobal("MediaStream", class {});
  });

  afterEach(() => {
    cleanup();
    vi.unstubAllGlobals();
    window.location.hash = "";
  });

  it("lets nobody through who is not signed in", async () => {
    server.answers["GET /api/account"] = () =>
      Response.json({ account: null, registration: "invited", passkeys: true, provider: false });
    await open();
    expect(screen.queryByTestId("agreement")).toBeNull();
    expect(screen.getByTestId("use-invitation")).toBeTruthy();
  });

  it("shows what is agreed to, and goes on with name, agreement and declaration only", async () => {
    await open();
    expect(text("statement")).toBe(STATEMENT.en);
    expect(screen.getByTestId<HTMLInputElement>("keeps").checked).toBe(false);
    expect(disabled("to-camera")).toBe(true);
    await agree();
    expect(disabled("to-camera")).toBe(false);
    await click("adult");
    expect(disabled("to-camera")).toBe(true);
  });

  it("asks anew for the agreement when the time changes, which is in the statement", async () => {
    await open();
    await agree();
    await act(async () => {
      fireEvent.change(screen.getByTestId("days"), { target: { value: "30" } });
    });
    expect(disabled("to-camera")).toBe(true);
    const [first, second] = server.asks("GET /api/enrolments/statement");
    expect(first).not.toEqual(second);
  });

  describe("with a link of somebody who asks", () => {
    const signOut = (): void => {
      server.answers["GET /api/account"] = () =>
        Response.json({ account: null, registration: "invited", passkeys: true, provider: false });
    };

    beforeEach(() => {
      window.location.hash = "#lend=a-token-of-a-link";
      server.answers["POST /api/licences/open"] = () => Response.json(LICENCE);
    });

    it("says who asks before anybody signs in, and makes who goes on an account", async () => {
      signOut();
      server.answers["POST /api/licences/account"] = () => Response.json({ account: null }, { status: 201 });
      await open();
      expect(window.location.hash).toBe("");
      expect(screen.getByRole("heading", { level: 1 }).textContent).toContain("Studio");
      expect(text("statement")).toBe(LICENCE.statement.en);
      fireEvent.change(screen.getByTestId("enter-name"), { target: { value: "Hana" } });
      await click("enter");
      const given = { token: "a-token-of-a-link", name: "Hana" };
      expect(server.asks("POST /api/licences/account")[0]?.body).toEqual(given);
      expect(server.asks("GET /api/account")).toHaveLength(2);
    });

    it("makes no account by a link that has its person", async () => {
      signOut();
      server.answers["POST /api/licences/open"] = () => Response.json({ ...LICENCE, taken: true });
      await open();
      expect(screen.queryByTestId("enter-name")).toBeNull();
      expect(screen.getByTestId("use-invitation")).toBeTruthy();
    });

    it("agrees to what the link says, until when it says", async () => {
      await open();
      expect(text("statement")).toBe(LICENCE.statement.en);
      expect(screen.queryByTestId("days")).toBeNull();
      await agree();
      await click("to-camera");
      show({ camera: { ...READY.camera, track: asTrack(camera()) } });
      await click("begin");
      const wish = { licence: "a-token-of-a-link", title: "Hana", agreed: true, adult: true, keeps: false };
      expect(played.begun).toEqual([wish]);
    });

    it.each(["licence_unknown", "licence_own"])("leads nowhere when it is %s", async (code) => {
      server.refuse("POST /api/licences/open", 404, code);
      await open();
      expect(screen.queryByTestId("agreement")).toBeNull();
      expect(screen.getByTestId("error-message").textContent).not.toContain(code);
    });
  });

  it("begins with a camera and what was agreed to", async () => {
    await enter();
    expect(played.did).toEqual(["open"]);
    expect(disabled("begin")).toBe(true);
    show({ camera: { ...READY.camera, track: asTrack(camera()) } });
    await click("begin");
    expect(played.begun).toMatchObject([{ title: "Hana", agreed: true, adult: true, keeps: false }]);
  });

  it("says why there is no camera, and tries again", async () => {
    await enter();
    show({ camera: { ...READY.camera, failure: "camera_denied" } });
    expect(screen.getByTestId("error-message").dataset.code).toBe("camera_denied");
    await click("camera-again");
    expect(played.did).toEqual(["open", "open"]);
  });

  it("says what to do, aloud, and what was not taken", async () => {
    await enter();
    show({ phase: "acting", left: 11 });
    expect(text("prompt")).toContain("straight into the camera");
    expect(screen.getByTestId("prompt").getAttribute("aria-live")).toBe("assertive");
    const words = { en: ["river", "button", "winter"], ko: ["강물", "단추", "겨울"] };
    show({ phase: "acting", begun: true, left: 11, prompt: { name: "say-words", seconds: 5, words } });
    expect(text("prompt")).toBe("Say aloud: river\u00a0· button\u00a0· winter");
    show({ phase: "acting", begun: true, left: 11, again: { prompt: "smile", why: "not_done" } });
    expect(text("prompt")).toBe("Look straight ahead again");
    expect(text("remark")).toContain("not seen in time");
    show({ phase: "acting", begun: true, left: 11, hint: "second_face" });
    expect(text("remark")).toContain("second face");
    await click("cancel");
    expect(played.did).toContain("cancel");
  });

  it.each([
    ["another_face", "not the one that began"],
    ["no_free_face_worker", "hands full"],
    ["camera_busy", "another program"],
    ["never_heard_of", "never_heard_of"],
  ])("says why it came to nothing (%s) and begins again with the same agreement", async (end, words) => {
    await enter();
    show({ phase: "over", end, offer: OFFER });
    expect(screen.getByRole("alert").textContent).toContain(words);
    expect(screen.queryByTestId("handle")).toBeNull();
    await click("again");
    expect(played.begun).toMatchObject([{ title: "Hana" }]);
  });

  it("shows the handle of a passed enrolment, turns the camera off and says how learning goes on", async () => {
    const job = { state: "running", phase: "learning", step: 1, steps: 9, secondsLeft: 240, error: null };
    server.answers[`GET /api/enrolments/${OFFER.enrolment}`] = () => Response.json({ state: "passed", job });
    await enter();
    await act(async () => show({ phase: "over", end: "passed", offer: OFFER }));
    expect(text("handle")).toBe(OFFER.handle);
    expect(played.did).toContain("stop");
    expect(text("learning")).toContain("4 min");
    expect(screen.getByTestId("to-account").getAttribute("href")).toBe("/account/");
  });

  it.each([
    [{ state: "granted", job: null }, "among your faces"],
    [{ state: "dropped", job: null }, "Nothing could be learned"],
    [{ state: "passed", job: null }, "waits to be learned"],
    [{ state: "passed", job: { state: "failed", secondsLeft: null } }, "broke off"],
  ])("says how it stands: %o", async (enrolled, words) => {
    server.answers[`GET /api/enrolments/${OFFER.enrolment}`] = () => Response.json(enrolled);
    await enter();
    await act(async () => show({ phase: "over", end: "passed", offer: OFFER }));
    expect(text("learning")).toContain(words);
  });
});
