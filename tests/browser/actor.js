// A camera whose person does what the page asks of them: a canvas that shows the picture of each step.
//
// window.__actor: { pictures: { "<act> <step>": data URL }, steps, rests }. What is asked is read off the page.
(() => {
  const { pictures, steps, rests } = window.__actor;
  const FRAME_MS = 33;
  const REACTION_MS = 600;
  const STEPS_A_SECOND = 14;

  const load = async (source) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    return image;
  };

  const film = async () => {
    const names = Object.keys(pictures);
    const drawn = new Map();
    await Promise.all(names.map(async (name) => drawn.set(name, await load(pictures[name]))));
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 480;
    const context = canvas.getContext("2d");
    let asked = "";
    let since = 0;
    let act = "";
    let step = 0;
    let last = performance.now();
    setInterval(() => {
      const now = performance.now();
      const wanted = document.querySelector("[data-asked]")?.dataset.asked ?? "";
      if (wanted !== asked) [asked, since] = [wanted, now];
      const way = (STEPS_A_SECOND * (now - last)) / 1000;
      last = now;
      if (now - since >= REACTION_MS && step === 0) act = asked;
      const height = act !== "" && (act === asked || now - since < REACTION_MS) && drawn.has(`${act} ${steps}`) ? steps : 0;
      step = step < height ? Math.min(height, step + way) : Math.max(height, step - way);
      const shown = Math.round(step);
      const name = shown > 0 ? `${act} ${shown}` : `rest ${Math.floor(now / 250) % rests}`;
      const shake = () => Math.random() * 1.4 - 0.7;
      context.drawImage(drawn.get(name), shake(), shake(), canvas.width, canvas.height);
    }, FRAME_MS);
    return canvas.captureStream(30);
  };

  let stream = null;
  navigator.mediaDevices.getUserMedia = async () => {
    stream ??= film();
    return new MediaStream((await stream).getVideoTracks().map((track) => track.clone()));
  };
})();
