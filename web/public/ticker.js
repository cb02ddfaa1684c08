// A clock for pages in the background: timers of a dedicated worker are not slowed down to one a second.
let timer;
self.onmessage = ({ data }) => {
  clearInterval(timer);
  if (data > 0) timer = setInterval(() => postMessage(0), data);
};
