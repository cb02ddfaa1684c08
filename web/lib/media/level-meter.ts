/** How loud a microphone is. */

/** Call `onLevel` about 15 times a second with 0 (silence) to 1. Returns how to stop. */
export function meterLevel(
  context: AudioContext,
  track: MediaStreamTrack,
  onLevel: (level: number) => void,
): () => void {
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    onLevel(levelOf(samples));
  }, 66);
  return () => {
    clearInterval(timer);
    source.disconnect();
  };
}

/** Root mean square on a scale of decibels: -60 dB and less is 0, -6 dB and more is 1. */
export function levelOf(samples: Float32Array): number {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length);
  const decibels = 10 * Math.log10(power + 1e-12);
  return Math.min(1, Math.max(0, (decibels + 60) / 54));
}
