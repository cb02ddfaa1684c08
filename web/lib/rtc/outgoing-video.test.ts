import { beforeEach, describe, expect, it, vi } from "vitest";
import { FakeConnection, FakeSender } from "@/testing/fake-connection";
import { asTrack, camera, drawing, FakeTrack } from "@/testing/fake-media";
import {
  CameraRefused,
  CardTrack,
  type OutgoingTrack,
  OutgoingVideo,
  OwnFaceConfirmation,
  OwnFaceTrack,
  ReturnedTrack,
} from "./outgoing-video";

const returned = (): ReturnedTrack =>
  new ReturnedTrack({ track: asTrack(new FakeTrack("video", "returned")) } as RTCRtpReceiver);

describe("OutgoingVideo", () => {
  let card: CardTrack;
  let outgoing: OutgoingVideo;
  let connection: FakeConnection;
  let sender: FakeSender;

  beforeEach(() => {
    card = new CardTrack(asTrack(drawing()));
    outgoing = new OutgoingVideo(card);
    connection = new FakeConnection({});
    sender = outgoing.addTo(connection as unknown as RTCPeerConnection) as unknown as FakeSender;
  });

  it("begins with the card", () => {
    expect(sender.track).toBe(card.track);
  });

  it("sends what the face worker returned", () => {
    const face = returned();
    outgoing.show(face);
    expect(sender.track).toBe(face.track);
  });

  it("does not take a bare track, neither by type nor at run time", () => {
    // @ts-expect-error a MediaStreamTrack is no OutgoingTrack
    expect(() => outgoing.show(asTrack(camera()))).toThrow(CameraRefused);
    const forged = { kind: "returned", track: asTrack(camera()) } as unknown as OutgoingTrack;
    expect(() => outgoing.show(forged)).toThrow(CameraRefused);
    expect(sender.track).toBe(card.track);
  });

  it("does not take the own face while a face is required, and shows the card then", () => {
    outgoing.show(returned());
    const own = new OwnFaceTrack(asTrack(camera()), new OwnFaceConfirmation());
    expect(() => outgoing.show(own)).toThrow(CameraRefused);
    expect(sender.track).toBe(card.track);
  });

  it("takes the own face under the confirmation that was given, and no other", () => {
    const confirmation = new OwnFaceConfirmation();
    outgoing.permitOwnFace(confirmation);
    const other = new OwnFaceTrack(asTrack(camera()), new OwnFaceConfirmation());
    expect(() => outgoing.show(other)).toThrow(CameraRefused);
    const own = new OwnFaceTrack(asTrack(camera()), confirmation);
    outgoing.show(own);
    expect(sender.track).toBe(own.track);
  });

  it("takes the own face off the air at once when a face is required, for good", () => {
    const confirmation = new OwnFaceConfirmation();
    outgoing.permitOwnFace(confirmation);
    const own = new OwnFaceTrack(asTrack(camera()), confirmation);
    outgoing.show(own);
    outgoing.requireFace();
    expect(sender.track).toBe(card.track);
    expect(() => outgoing.permitOwnFace(confirmation)).toThrow(CameraRefused);
    expect(() => outgoing.show(own)).toThrow(CameraRefused);
  });

  it("does not take a card made from a device", () => {
    expect(() => new CardTrack(asTrack(camera()))).toThrow(CameraRefused);
  });

  it("brings every sender along, adopted ones too, until released", async () => {
    const adopted = new FakeSender(null);
    await outgoing.adopt(adopted as unknown as RTCRtpSender);
    const face = returned();
    outgoing.show(face);
    expect([sender.track, adopted.track]).toEqual([face.track, face.track]);
    outgoing.release(adopted as unknown as RTCRtpSender);
    outgoing.showCard();
    expect([sender.track, adopted.track]).toEqual([card.track, face.track]);
  });

  it("tells the self-view what goes out", () => {
    const seen = vi.fn();
    outgoing.subscribe(seen);
    const face = returned();
    outgoing.show(face);
    expect(seen.mock.calls).toEqual([[card], [face]]);
  });
});
