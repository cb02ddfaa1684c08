import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Receipt } from "./receipt";

const RECEIPT = {
  entries: 9,
  seq: 120,
  hash: `abcdef01${"0".repeat(56)}`,
  time: 1764000000000,
  tags: ["0123ABCD"],
  checkpoint: "header.claims.signature",
};

describe("Receipt", () => {
  const ask = vi.fn<(path: string) => Promise<Response>>();

  beforeEach(() => {
    window.location.hash = "#the-room";
    ask.mockReset().mockImplementation(async () => Response.json(RECEIPT));
    vi.stubGlobal("fetch", ask);
  });
  afterEach(cleanup);

  it("says how much is noted of this call, up to the leaving that ended it", async () => {
    render(<Receipt left="p1" />);
    await waitFor(() => expect(screen.getByTestId("receipt").textContent).toContain("9 entries"));
    expect(screen.getByTestId("receipt").textContent).toContain("120-abcdef01");
    expect(ask.mock.calls[0]?.[0]).toBe("/api/rooms/the-room/receipt?left=p1");
  });

  it("saves the signed checkpoint as a file, with where it is from", async () => {
    const files: Blob[] = [];
    const names: string[] = [];
    vi.spyOn(URL, "createObjectURL").mockImplementation((file) => {
      files.push(file as Blob);
      return "blob:1";
    });
    vi.spyOn(URL, "revokeObjectURL").mockImplementation(() => undefined);
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
      names.push(this.download);
    });
    render(<Receipt left="p1" />);
    fireEvent.click(await screen.findByTestId("save-receipt"));
    expect(names).toEqual(["talchum-receipt-120.json"]);
    const saved = JSON.parse((await files[0]?.text()) ?? "");
    expect(saved).toEqual({ origin: window.location.origin, ...RECEIPT });
  });

  it("says nothing where there is no receipt to be had", async () => {
    ask.mockImplementation(async () => Response.json({ code: "receipt_unknown" }, { status: 404 }));
    await act(async () => {
      render(<Receipt left="p1" />);
    });
    expect(screen.queryByTestId("receipt")).toBeNull();
  });
});
