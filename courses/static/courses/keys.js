// The keys that players have taught everybody. They are silent while somebody types, and when a button or link has the focus.
const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];

function faster(media, step) {
  const at = SPEEDS.findIndex((speed) => speed >= media.playbackRate);
  media.playbackRate = SPEEDS[Math.min(Math.max((at < 0 ? SPEEDS.length - 1 : at) + step, 0), SPEEDS.length - 1)];
}

function nextCaptions(media) {
  const tracks = [...(media.textTracks ?? [])];
  const shown = tracks.findIndex((track) => track.mode === "showing");
  tracks.forEach((track, index) => { track.mode = index === shown + 1 ? "showing" : "disabled"; });
}

function toggle(media, begin) {
  if (!media.getAttribute("src")) return begin();
  return media.paused ? media.play() : media.pause();
}

export function listenToKeys(media, begin) {
  const actions = {
    k: () => toggle(media, begin),
    " ": () => toggle(media, begin),
    j: () => { media.currentTime -= 10; },
    l: () => { media.currentTime += 10; },
    ArrowLeft: () => { media.currentTime -= 5; },
    ArrowRight: () => { media.currentTime += 5; },
    m: () => { media.muted = !media.muted; },
    f: () => (document.fullscreenElement ? document.exitFullscreen() : media.requestFullscreen?.()),
    c: () => nextCaptions(media),
    "<": () => faster(media, -1),
    ">": () => faster(media, 1),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    if (event.key === " " && event.target.closest("button, a, summary")) return;
    // The browser's own player answers these itself when it has the focus.
    if (event.target === media && [" ", "ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const tenth = /^[0-9]$/.test(event.key) && media.duration;
    const action = tenth ? () => { media.currentTime = (media.duration * event.key) / 10; } : actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
