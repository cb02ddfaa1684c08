// @vitest-environment node
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SKIPPED = new Set(["node_modules", "out", ".next", "testing"]);

function sources(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) && !/\.(test|d)\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

function usersOf(pattern: RegExp): string[] {
  return sources(ROOT)
    .filter((path) => pattern.test(readFileSync(path, "utf8").replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")))
    .map((path) => relative(ROOT, path))
    .sort();
}

/** Who may do what decides whether a camera can reach another person; a new name here needs a reason. */
describe("the way of a picture to another participant", () => {
  it("is opened in four files: two choose the track by type, one leads to a worker alone, one only takes", () => {
    expect(usersOf(/\.(addTrack|replaceTrack|addTransceiver)\(/)).toEqual([
      "lib/rtc/opened-worker.ts",
      "lib/rtc/outgoing-video.ts",
      "lib/rtc/participant-link.ts",
      "lib/rtc/worker-link.ts",
    ]);
  });

  it("carries nothing to a worker that another performer opened", () => {
    const source = readFileSync(join(ROOT, "lib/rtc/opened-worker.ts"), "utf8");
    const calls = [...source.matchAll(/(\w+)\.(addTrack|replaceTrack|addTransceiver)\(([^)]*)\)/g)];
    expect(calls.map(([call]) => call)).toEqual([
      "video.addTrack(track)", // what the worker sent, for playing
      'connection.addTransceiver("video", { direction: "recvonly" })',
    ]);
  });

  it("carries only sound where the connection to a participant adds tracks itself", () => {
    const source = readFileSync(join(ROOT, "lib/rtc/participant-link.ts"), "utf8");
    const tracks = [...source.matchAll(/\.(?:addTrack|replaceTrack)\(([^)]*)\)/g)].map(
      ([, argument]) => argument,
    );
    expect(new Set(tracks)).toEqual(new Set(["this.#microphone", "microphone", "track"]));
    expect(source).toContain("stream.addTrack(track)"); // what the other side sent, for playing
  });

  it("begins with a connection in one file", () => {
    expect(usersOf(/new RTCPeerConnection\(/)).toEqual(["lib/rtc/peer.ts"]);
  });

  it("lets only the confirmation dialog's owner confirm an own face", () => {
    expect(usersOf(/new OwnFaceConfirmation\(/)).toEqual(["features/identities/face-picker.tsx"]);
    expect(usersOf(/new OwnFaceTrack\(/)).toEqual(["lib/rtc/call-session.ts"]);
    expect(usersOf(/new ReturnedTrack\(/)).toEqual(["lib/rtc/face-leg.ts"]);
    expect(usersOf(/new CardTrack\(/)).toEqual(["lib/media/card-track.ts"]);
  });
});

describe("the rooms of the code", () => {
  it("keep React and pages out of lib", () => {
    const lib = sources(join(ROOT, "lib"));
    const strays = lib.filter((path) =>
      /from "(react|next|@\/(app|features|components|i18n))/.test(readFileSync(path, "utf8")),
    );
    expect(strays).toEqual([]);
  });

  it("write no style attribute, which the content security policy forbids", () => {
    expect(usersOf(/\sstyle=|dangerouslySetInnerHTML/)).toEqual([]);
  });
});
