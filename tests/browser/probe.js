// Runs in a page before the page's own scripts: keeps hold of its streams and connections and records what arrives.
// `window.__probeSettings` (optional, set by an earlier script): { configuration, record }.
(() => {
  const settings = window.__probeSettings ?? {};
  const wallClock = () => performance.timeOrigin + performance.now();
  const probe = {
    cameras: [], // streams from getUserMedia
    connections: [], // every RTCPeerConnection, in order
    sockets: [], // every WebSocket, in order
    remote: [], // { connection, track } as they came
    encoded: [], // encoded video frames of people (not of the face leg), as they came
    cameraSends: [], // when a camera's own video track was given to a connection, and which
    views: {}, // by name: [wall clock, number of the frame, brightness of the border, width]
    stamps: [], // [wall clock, ...luma of a row of the stamp], of the other person's pictures as they are displayed
    beeps: {}, // by name: wall clock of each onset
  };
  window.__probe = probe;

  // -- sockets and cameras ---------------------------------------------------------------------
  const NativeSocket = window.WebSocket;
  window.WebSocket = class extends NativeSocket {
    constructor(...arguments_) {
      super(...arguments_);
      probe.sockets.push(this);
    }
  };
  const devices = navigator.mediaDevices;
  if (devices?.getUserMedia) {
    const open = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (constraints) => {
      const stream = await open(constraints);
      probe.cameras.push(stream);
      return stream;
    };
  }
  const copies = new Set(); // ids of the clones of cameras' tracks
  const isCamera = (track) =>
    track?.kind === "video" &&
    (copies.has(track.id) || probe.cameras.some((stream) => stream.getTracks().some((t) => t.id === track.id)));
  const clone = MediaStreamTrack.prototype.clone;
  MediaStreamTrack.prototype.clone = function () {
    const copy = clone.call(this);
    if (isCamera(this)) copies.add(copy.id);
    return copy;
  };

  // -- connections -----------------------------------------------------------------------------
  const Native = window.RTCPeerConnection;
  if (Native === undefined) return;
  const index = (connection) => probe.connections.indexOf(connection);
  const sends = (connection, track) => {
    if (isCamera(track)) probe.cameraSends.push({ at: wallClock(), connection: index(connection) });
  };
  window.RTCPeerConnection = class extends Native {
    constructor(configuration, ...rest) {
      super({ ...configuration, ...settings.configuration }, ...rest);
      probe.connections.push(this);
      this.addEventListener("track", ({ track }) => {
        probe.remote.push({ connection: index(this), track });
        recordVideo(this);
      });
    }
    setConfiguration(configuration) {
      super.setConfiguration({ ...configuration, ...settings.configuration });
    }
    createDataChannel(label, ...rest) {
      if (label === "talchum") this.probedLeg = true; // the performer's connection to a face worker
      return super.createDataChannel(label, ...rest);
    }
    addTrack(track, ...streams) {
      sends(this, track);
      const sender = super.addTrack(track, ...streams);
      sender.probedConnection = this;
      recordVideo(this);
      return sender;
    }
    addTransceiver(kind, ...rest) {
      sends(this, kind);
      const transceiver = super.addTransceiver(kind, ...rest);
      transceiver.sender.probedConnection = this;
      recordVideo(this);
      return transceiver;
    }
  };
  const replace = RTCRtpSender.prototype.replaceTrack;
  RTCRtpSender.prototype.replaceTrack = function (track) {
    const owner = this.probedConnection ?? probe.connections.find((c) => c.getSenders().includes(this));
    sends(owner, track);
    return replace.call(this, track);
  };

  // -- encoded frames --------------------------------------------------------------------------
  const passAndTell = `
    onrtctransform = ({ transformer }) => {
      const { stream } = transformer.options;
      transformer.readable.pipeThrough(new TransformStream({
        transform(frame, controller) {
          const data = frame.data.slice(0);
          postMessage({ arrival: performance.timeOrigin + performance.now(), stream, key: frame.type === "key", data }, [data]);
          controller.enqueue(frame);
        },
      })).pipeTo(transformer.writable);
    };`;
  let worker = null;
  let streams = 0;
  // As soon as there is a receiver: one that has begun without a transform never takes one (Chromium 156).
  function recordVideo(connection) {
    if (!settings.record || connection.probedLeg) return;
    for (const receiver of connection.getReceivers()) {
      if (receiver.track.kind === "video" && !recorded.has(receiver)) record(receiver, connection);
    }
  }
  function record(receiver, connection) {
    recorded.add(receiver);
    if (worker === null) {
      worker = new Worker(URL.createObjectURL(new Blob([passAndTell], { type: "text/javascript" })));
      worker.onmessage = ({ data }) => {
        if (probe.connections[streamOwners[data.stream]].probedLeg) return; // what a face worker returned
        probe.encoded.push(data);
      };
    }
    streamOwners.push(index(connection));
    receiver.transform = new RTCRtpScriptTransform(worker, { stream: streams++ });
  }
  const recorded = new WeakSet();
  const streamOwners = [];
  const base64 = (buffer) => {
    const bytes = new Uint8Array(buffer);
    let text = "";
    for (let start = 0; start < bytes.length; start += 32768) {
      text += String.fromCharCode(...bytes.subarray(start, start + 32768));
    }
    return btoa(text);
  };
  probe.takeEncoded = (count) =>
    probe.encoded.splice(0, count).map((frame) => ({ ...frame, data: base64(frame.data) }));

  // -- statistics ------------------------------------------------------------------------------
  probe.statistics = async () => {
    const all = [];
    for (const connection of probe.connections) {
      if (connection.connectionState === "closed") continue;
      const entries = {};
      for (const entry of (await connection.getStats()).values()) entries[entry.id] = entry;
      all.push({
        connection: index(connection),
        leg: connection.probedLeg === true,
        state: connection.connectionState,
        at: wallClock(),
        entries,
      });
    }
    return all;
  };

  // -- pictures and beeps ----------------------------------------------------------------------
  const display = (stream) => {
    const video = document.createElement("video");
    video.muted = video.playsInline = video.autoplay = true;
    video.style.cssText = "position:fixed;left:0;top:0;width:2px;height:2px;opacity:.01;pointer-events:none";
    video.srcObject = stream;
    document.documentElement.append(video);
    return video;
  };
  const BITS = 8;
  probe.watchView = (name, stream) => {
    const video = display(stream);
    const canvas = new OffscreenCanvas(BITS * 4, 8);
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    const samples = (probe.views[name] = []);
    const look = (_now, metadata) => {
      const { videoWidth: width, videoHeight: height } = video;
      const edge = (height * 16) / 480;
      pen.drawImage(video, 0, 0, width, edge, 0, 0, BITS * 4, 4);
      pen.drawImage(video, 0, height - edge, width, edge, 0, 4, BITS * 4, 4);
      const pixels = pen.getImageData(0, 0, BITS * 4, 8).data;
      const green = (x, y) => pixels[(y * BITS * 4 + x) * 4 + 1];
      let number = 0;
      for (let bit = 0; bit < BITS; bit++) if (green(bit * 4 + 2, 2) > 126) number |= 1 << bit;
      samples.push([performance.timeOrigin + metadata.presentationTime, number, green(BITS * 2, 6), width]);
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
    return video.play();
  };

  const STAMP_BLOCKS = 30;
  probe.watchStamps = (stream) => {
    const video = display(stream);
    const canvas = new OffscreenCanvas(STAMP_BLOCKS * 4, 1);
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    const look = (_now, metadata) => {
      const { videoWidth: width, videoHeight: height } = video;
      pen.drawImage(video, 0, height / 80, width, height / 40, 0, 0, STAMP_BLOCKS * 4, 1);
      const pixels = pen.getImageData(0, 0, STAMP_BLOCKS * 4, 1).data;
      const row = Array.from({ length: STAMP_BLOCKS * 4 }, (_, x) => pixels[x * 4 + 1]);
      probe.stamps.push([performance.timeOrigin + metadata.expectedDisplayTime, ...row]);
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
    return video.play();
  };

  const onsets = `
    registerProcessor("onsets", class extends AudioWorkletProcessor {
      silent = 0;
      process([[samples]]) {
        if (samples === undefined) return true;
        const first = samples.findIndex((sample) => Math.abs(sample) > 0.1);
        this.silent++;
        if (first >= 0) {
          if (this.silent > 60) this.port.postMessage(currentTime + first / sampleRate);
          this.silent = 0;
        }
        return true;
      }
    });`;
  let audio = null;
  probe.listen = async (name, stream) => {
    if (audio === null) {
      audio = new AudioContext();
      await audio.audioWorklet.addModule(URL.createObjectURL(new Blob([onsets], { type: "text/javascript" })));
    }
    await audio.resume();
    const node = new AudioWorkletNode(audio, "onsets");
    const heard = (probe.beeps[name] = []);
    node.port.onmessage = ({ data }) => {
      const { contextTime, performanceTime } = audio.getOutputTimestamp();
      heard.push(performance.timeOrigin + performanceTime + (data - contextTime) * 1000);
    };
    const silence = new GainNode(audio, { gain: 0 });
    audio.createMediaStreamSource(stream).connect(node).connect(silence).connect(audio.destination);
  };
  probe.remoteStream = (kind) => {
    const people = probe.remote.filter(
      ({ connection, track }) =>
        track.kind === kind && track.readyState === "live" && !probe.connections[connection].probedLeg,
    );
    return new MediaStream([people.at(-1).track]);
  };
  probe.deviceStream = (kind) =>
    new MediaStream([
      probe.cameras.flatMap((s) => s.getTracks()).findLast((t) => t.kind === kind && t.readyState === "live"),
    ]);
})();
