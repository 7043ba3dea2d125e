// The keys that players have taught everybody. They are silent while somebody types, and when a button or link has the focus.
export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];

function speedAfter(speed, step) {
  const at = SPEEDS.findIndex((each) => each >= speed);
  return SPEEDS[Math.min(Math.max((at < 0 ? SPEEDS.length - 1 : at) + step, 0), SPEEDS.length - 1)];
}

// `player` has media, toggle(), captions(), fill(), float(), help() and say(words).
export function listenToKeys(player) {
  const { media } = player;
  const move = (seconds) => () => { media.currentTime = Math.max(0, media.currentTime + seconds); };
  const louder = (step) => () => {
    media.volume = Math.min(1, Math.max(0, Math.round((media.volume + step) * 10) / 10));
    player.say(`${Math.round(media.volume * 100)} %`);
  };
  const faster = (step) => () => {
    media.playbackRate = speedAfter(media.playbackRate, step);
    player.say(`${media.playbackRate} ×`);
  };
  const actions = {
    k: () => player.toggle(),
    " ": () => player.toggle(),
    j: move(-10),
    l: move(10),
    ArrowLeft: move(-5),
    ArrowRight: move(5),
    m: () => { media.muted = !media.muted; },
    f: () => player.fill(),
    i: () => player.float(),
    c: () => player.captions(),
    "<": faster(-1),
    ">": faster(1),
    "?": () => player.help(),
  };
  const inPlayer = { ArrowUp: louder(0.1), ArrowDown: louder(-0.1) };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog[open]")) return;
    if (event.key === " " && event.target.closest("button, a, summary")) return;
    // The browser's own bar answers these itself when one of its buttons has the focus.
    if (event.target === media && (event.key === " " || event.key.startsWith("Arrow"))) return;
    const tenth = /^[0-9]$/.test(event.key) && media.duration;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = tenth
      ? () => { media.currentTime = (media.duration * event.key) / 10; }
      : actions[key] ?? (event.target.closest(".player") && inPlayer[key]);
    if (!action) return;
    event.preventDefault();
    action();
  });
}
