/** What every video sender of this client has in common: codec order, bitrate, what to give up first. */

/** VP8 is in every browser and in the face worker, without a codec that has to be downloaded. */
export function preferVp8(transceiver: RTCRtpTransceiver, only = false): void {
  const codecs = RTCRtpReceiver.getCapabilities?.("video")?.codecs;
  if (codecs === undefined || transceiver.setCodecPreferences === undefined) return;
  const isVp8 = (codec: RTCRtpCodec) => codec.mimeType.toLowerCase() === "video/vp8";
  const isRepair = (codec: RTCRtpCodec) => /\/(rtx|red|ulpfec|flexfec-03)$/i.test(codec.mimeType);
  const vp8 = codecs.filter(isVp8);
  if (vp8.length === 0) return;
  const rest = codecs.filter((codec) => !isVp8(codec) && (isRepair(codec) || !only));
  transceiver.setCodecPreferences([...vp8, ...rest]);
}

/**
 * Cap the bitrate and keep the size: at 640x480 a smaller picture costs more than a lower frame rate, and without
 * this Chromium stayed at 960x540 for 22 s on loopback.
 *
 * maxBitrate: bits a second.
 */
export async function limitSender(sender: RTCRtpSender, maxBitrate: number): Promise<void> {
  const parameters = sender.getParameters();
  // Firefox before negotiation has no encodings; the limits then come with the next call.
  if (parameters.encodings === undefined || parameters.encodings.length === 0) return;
  for (const encoding of parameters.encodings) encoding.maxBitrate = maxBitrate;
  (parameters as RTCRtpSendParameters & { degradationPreference?: string }).degradationPreference =
    "maintain-resolution";
  await sender.setParameters(parameters).catch((error: unknown) => {
    if (!(error instanceof DOMException)) throw error; // a browser without the preference keeps its default
  });
}

/** Show frames as soon as they are decoded. For video only: an audio buffer of zero is choppy. */
export function playAtOnce(receiver: RTCRtpReceiver): void {
  const target = receiver as RTCRtpReceiver & {
    jitterBufferTarget?: number | null;
    playoutDelayHint?: number;
  };
  if ("jitterBufferTarget" in target) target.jitterBufferTarget = 0;
  else if ("playoutDelayHint" in target) (target as { playoutDelayHint?: number }).playoutDelayHint = 0;
}
