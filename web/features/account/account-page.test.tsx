import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FaceConsent } from "@/lib/account/account-api";
import { supportDialogs } from "@/testing/dialog";
import { AccountPage } from "./account-page";

const HANA = { id: "acc-0123456789abcdef", name: "Hana", createdAt: 1_795_000_000 };
const FACE: FaceConsent = {
  consent: "con-0123456789abcdef",
  identity: "hana",
  scope: "self",
  given: true,
  wearable: true,
  wearers: 1,
  licensee: "",
  statement: { en: "This is my face.", ko: "이것은 내 얼굴입니다." },
  issuedAt: 1_795_000_000,
  expiresAt: 1_800_000_000,
  endedAt: null,
  reason: null,
};

/** What a visitor sees and does; the server is played by what `answers` holds. */
describe("AccountPage", () => {
  const asked = vi.fn<(method: string, path: string, body: unknown) => void>();
  let answers: Record<string, () => Response>;

  const enter = (account: typeof HANA | null, more: object = {}): void => {
    answers["GET /api/account"] = () =>
      Response.json({ account, registration: "invited", passkeys: true, provider: false, ...more });
  };
  const refuse = (status: number, code: string): (() => Response) => {
    return () => Response.json({ code, message: "x", retryable: false }, { status });
  };
  const open = async (hash = ""): Promise<void> => {
    window.location.hash = hash;
    await act(async () => {
      render(<AccountPage />);
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
    supportDialogs();
    asked.mockReset();
    answers = {
      "GET /api/account/faces": () => Response.json({ faces: [FACE] }),
      "GET /api/enrolments": () => Response.json({ enrolments: [] }),
      "GET /api/account/passkeys": () =>
        Response.json({ passkeys: [{ id: "key-1", createdAt: 1_795_000_000, usedAt: null }] }),
    };
    enter(null);
    vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
      const method = init.method ?? "GET";
      asked(method, path, init.body === undefined ? undefined : JSON.parse(String(init.body)));
      return answers[`${method} ${path}`]?.() ?? refuse(404, "room_unknown")();
    });
  });

  afterEach(() => {
    cleanup();
    vi.unstubAllGlobals();
    window.location.hash = "";
  });

  it("shows a face that is being learned, and takes it back", async () => {
    enter(HANA);
    const job = { state: "running", phase: "learning", step: 1, steps: 9, secondsLeft: 240, error: null };
    const learning = { enrolment: "enr-1", title: "Hana", scope: "self", state: "passed", job };
    answers["GET /api/enrolments"] = () => Response.json({ enrolments: [learning] });
    await open();
    expect(screen.getByTestId("under-way").textContent).toContain("4 min");
    answers["GET /api/enrolments"] = () => Response.json({ enrolments: [] });
    answers["DELETE /api/enrolments/enr-1"] = () => Response.json({ enrolment: null });
    await click("withdraw");
    await click("confirm-yes");
    expect(screen.queryByTestId("under-way")).toBeNull();
    expect(asked).toHaveBeenCalledWith("DELETE", "/api/enrolments/enr-1", undefined);
  });

  it("makes a link for somebody to lend their face", async () => {
    enter(HANA);
    answers["POST /api/licences"] = () => Response.json({ token: "a-token-of-a-link", openFor: 9 });
    await open();
    type("licensee", "Studio");
    await click("make-link");
    expect(screen.getByTestId("lend-link").textContent).toBe(
      `${window.location.origin}/enrol/#lend=a-token-of-a-link`,
    );
    const [, , wish] = asked.mock.calls.find(([, path]) => path === "/api/licences") ?? [];
    expect(wish).toMatchObject({ licensee: "Studio" });
  });

  it("takes an invitation out of the address bar and signs in with it", async () => {
    await open("#an-invitation");
    expect(window.location.hash).toBe("");
    type("name", "Hana");
    answers["POST /api/account/sign-in/invitation"] = () => Response.json({ account: HANA });
    enter(HANA);
    await click("use-invitation");
    const given = { token: "an-invitation", name: "Hana" };
    expect(asked).toHaveBeenCalledWith("POST", "/api/account/sign-in/invitation", given);
    await waitFor(() => expect(screen.getByText(/Signed in as Hana/)).toBeTruthy());
  });

  it("says that an invitation is no longer good, and keeps what was typed", async () => {
    answers["POST /api/account/sign-in/invitation"] = refuse(400, "invitation_invalid");
    await open("#an-invitation");
    type("name", "Hana");
    await click("use-invitation");
    expect(screen.getByTestId("error-message").textContent).toContain("Ask for another");
    expect((screen.getByTestId("name") as HTMLInputElement).value).toBe("Hana");
  });

  it("offers the provider where there is one, and says why it did not sign in", async () => {
    enter(null, { provider: true });
    await open("#error=provider_refused");
    expect(screen.getByTestId("sign-in-provider").getAttribute("href")).toBe("/api/account/sign-in/provider");
    expect(screen.getByTestId("error-message").textContent).toContain("did not let you in");
    expect((screen.getByTestId("invitation") as HTMLInputElement).value).toBe("");
    expect(window.location.hash).toBe("");
  });

  it.each([
    ["this browser has none", { passkeys: true }],
    ["this service has none", { passkeys: false }],
  ])("says what passkeys need where %s", async (_where, ways) => {
    enter(null, ways);
    await open();
    expect(screen.getByTestId("no-passkeys").textContent).toContain("https");
    expect(screen.queryByTestId("sign-in-passkey")).toBeNull();
  });

  it("takes a face back only when that was confirmed", async () => {
    enter(HANA);
    const ended = { ...FACE, endedAt: 1_795_000_100, reason: "subject" };
    answers[`POST /api/account/faces/${FACE.consent}/revoke`] = () => Response.json({ faces: [ended] });
    await open();
    expect(screen.getByTestId("until").textContent).toMatch(/^Holds until/);
    await click("revoke");
    await click("confirm-no");
    expect(asked.mock.calls.filter(([method]) => method === "POST")).toEqual([]);
    await click("revoke");
    await click("confirm-yes");
    expect(screen.getByTestId("until").textContent).toMatch(/^Taken back on/);
    expect(screen.queryByTestId("revoke")).toBeNull();
  });

  it.each([
    ["operator", /^Ended on .* by whoever/],
    ["expired", /^Ran out on/],
    ["erased", /^Ended on/],
  ])("says how a consent ended: %s", async (reason, words) => {
    enter(HANA);
    answers["GET /api/account/faces"] = () =>
      Response.json({ faces: [{ ...FACE, endedAt: 1_795_000_100, reason }] });
    await open();
    expect(screen.getByTestId("until").textContent).toMatch(words);
  });

  it("shows a face that one may wear and cannot take back", async () => {
    enter(HANA);
    const lent = { ...FACE, scope: "licensed", given: false, licensee: "Studio", wearers: 2 };
    answers["GET /api/account/faces"] = () => Response.json({ faces: [lent] });
    await open();
    expect(screen.getByText(/Licensed to Studio/).textContent).toContain("2");
    expect(screen.queryByTestId("revoke")).toBeNull();
  });

  it("warns before the only passkey is removed", async () => {
    enter(HANA);
    answers["DELETE /api/account/passkeys/key-1"] = () => Response.json({ passkeys: [] });
    await open();
    await click("remove-passkey");
    expect(screen.getByTestId("confirm").textContent).toContain("your only one");
    await click("confirm-yes");
    expect(screen.getByTestId("passkeys-none")).toBeTruthy();
  });

  it("takes a face back by its handle without any account", async () => {
    await open();
    type("handle", "  ABCD-EFGH ");
    answers["POST /api/consents/revoke"] = refuse(404, "consent_unknown");
    await click("revoke-handle");
    await click("confirm-yes");
    expect(asked).toHaveBeenCalledWith("POST", "/api/consents/revoke", { handle: "ABCD-EFGH" });
    expect(screen.getByTestId("error-message").textContent).toContain("no such consent");
    answers["POST /api/consents/revoke"] = () => Response.json({ consent: FACE.consent });
    await click("revoke-handle");
    await click("confirm-yes");
    expect(screen.getByTestId("handle-revoked")).toBeTruthy();
  });

  it("deletes an account when that was confirmed, and is a guest's page then", async () => {
    enter(HANA);
    answers["DELETE /api/account"] = () => Response.json({ account: null });
    await open();
    await click("delete-account");
    enter(null);
    await click("confirm-yes");
    expect(asked).toHaveBeenCalledWith("DELETE", "/api/account", undefined);
    expect(screen.getByTestId("use-invitation")).toBeTruthy();
  });

  it("is a guest's page once the session has ended elsewhere", async () => {
    enter(HANA);
    answers["GET /api/account/faces"] = () => {
      enter(null);
      return refuse(401, "signed_out")();
    };
    await open();
    await waitFor(() => expect(screen.getByTestId("use-invitation")).toBeTruthy());
  });

  it("can be tried again when the server does not answer", async () => {
    answers["GET /api/account"] = refuse(503, "database_unavailable");
    await open();
    expect(screen.getByTestId("error-message")).toBeTruthy();
    enter(null);
    await act(async () => {
      fireEvent.click(screen.getByText("Try again"));
    });
    expect(screen.getByTestId("use-invitation")).toBeTruthy();
  });
});
