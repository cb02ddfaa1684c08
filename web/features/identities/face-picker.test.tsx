import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Choice } from "@/lib/rtc/call-snapshot";
import { OwnFaceConfirmation } from "@/lib/rtc/outgoing-video";
import type { Identity } from "@/lib/signalling/room-api";
import { supportDialogs } from "@/testing/dialog";
import { FacePicker } from "./face-picker";

const face = (name: string, kind: Identity["kind"]): Identity => ({
  name,
  title: { en: name, ko: name },
  description: { en: name, ko: name },
  kind,
  engines: ["portrait"],
  thumbnail: `/api/identities/${name}/thumbnail.webp`,
  learned: false,
});

describe("FacePicker", () => {
  const onFace = vi.fn();
  const onOwnFace = vi.fn();
  const list = [face("minji", "synthetic"), face("veil", "anonymise")];
  const show = (choice: Choice = null, failed = false): void => {
    const identities = { list: failed ? null : list, failed, reload: vi.fn() };
    render(<FacePicker identities={identities} choice={choice} onFace={onFace} onOwnFace={onOwnFace} />);
  };

  beforeAll(supportDialogs);
  afterEach(() => {
    cleanup();
    onFace.mockReset();
    onOwnFace.mockReset();
  });

  it("hands on the face that was pressed, and marks the one that is worn", () => {
    show({ kind: "face", identity: "veil", faceKind: "anonymise" });
    fireEvent.click(screen.getByTestId("face-minji"));
    expect(onFace).toHaveBeenCalledWith(list[0]);
    expect(screen.getByTestId("face-veil").getAttribute("aria-pressed")).toBe("true");
  });

  it("says beside a cover that the voice is not changed", () => {
    show({ kind: "face", identity: "veil", faceKind: "anonymise" });
    expect(screen.getByTestId("voice-not-changed").textContent).toContain("voice is not changed");
  });

  it("asks before the own face is shown, and takes no for an answer", () => {
    show();
    fireEvent.click(screen.getByTestId("own-face"));
    expect(onOwnFace).not.toHaveBeenCalled();
    fireEvent.click(screen.getByTestId("own-face-cancel"));
    expect(onOwnFace).not.toHaveBeenCalled();
    expect(screen.queryByTestId("own-face-dialog")).toBeNull();
  });

  it("closes the question unanswered on Escape", () => {
    show();
    fireEvent.click(screen.getByTestId("own-face"));
    fireEvent(screen.getByTestId("own-face-dialog"), new Event("cancel", { cancelable: true }));
    expect(screen.queryByTestId("own-face-dialog")).toBeNull();
    expect(onOwnFace).not.toHaveBeenCalled();
  });

  it("hands on a fresh confirmation each time it was confirmed", () => {
    show();
    for (let time = 0; time < 2; time += 1) {
      fireEvent.click(screen.getByTestId("own-face"));
      fireEvent.click(screen.getByTestId("own-face-confirm"));
    }
    const [first, second] = onOwnFace.mock.calls.map(([confirmation]) => confirmation as OwnFaceConfirmation);
    expect(first).toBeInstanceOf(OwnFaceConfirmation);
    expect(first).not.toBe(second);
  });

  it("tells a face that was learned here from the shipped ones", () => {
    const identities = {
      list: [...list, { ...face("own-sora", "synthetic"), learned: true }],
      failed: false,
    };
    render(
      <FacePicker
        identities={{ ...identities, reload: vi.fn() }}
        choice={null}
        onFace={onFace}
        onOwnFace={onOwnFace}
      />,
    );
    expect(screen.getByTestId("face-own-sora").textContent).toContain("learned here as own-sora");
    expect(screen.getByTestId("face-minji").textContent).not.toContain("learned");
  });

  it("says that the faces could not be loaded", () => {
    show(null, true);
    expect(screen.getByRole("alert").textContent).toContain("could not be loaded");
  });
});
