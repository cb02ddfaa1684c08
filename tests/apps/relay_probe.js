// Joins a room as a browser does and connects two peers with nothing but the relay it was told of.
async () => {
  const post = async (path) => (await fetch(path, { method: "POST", body: "{}" })).json();
  const { room } = await post("/api/rooms");
  const { ticket } = await post(`/api/rooms/${room}/tickets`);
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws`);
  const welcome = await new Promise((resolve, reject) => {
    socket.onopen = () => socket.send(JSON.stringify({ type: "join", ticket }));
    socket.onmessage = (event) => resolve(JSON.parse(event.data));
    socket.onerror = reject;
  });
  const configuration = { iceServers: welcome.iceServers, iceTransportPolicy: "relay" };
  const [one, other] = [new RTCPeerConnection(configuration), new RTCPeerConnection(configuration)];
  const candidates = [];
  one.onicecandidate = ({ candidate }) => {
    if (candidate) candidates.push(candidate.candidate);
    other.addIceCandidate(candidate);
  };
  other.onicecandidate = ({ candidate }) => one.addIceCandidate(candidate);
  const heard = new Promise((resolve) => {
    other.ondatachannel = ({ channel }) => {
      channel.onmessage = ({ data }) => resolve(data);
    };
  });
  const channel = one.createDataChannel("probe");
  channel.onopen = () => channel.send("hello");
  await one.setLocalDescription();
  await other.setRemoteDescription(one.localDescription);
  await other.setLocalDescription();
  await one.setRemoteDescription(other.localDescription);
  const late = new Promise((resolve) => setTimeout(() => resolve(one.iceConnectionState), 30000));
  return { heard: await Promise.race([heard, late]), candidates };
};
