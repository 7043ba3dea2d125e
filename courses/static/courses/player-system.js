// What the system shows beside us: lock screens, media keys, a window of its own over others.

export function tellTheSystem(media, { title, course, author, cover, previous, next }) {
  const session = navigator.mediaSession;
  if (!session) return;
  const artwork = cover ? [{ src: cover }] : [];
  session.metadata = new MediaMetadata({ title, album: course, artist: author, artwork });
  const goTo = (address) => address && (() => location.assign(address));
  const actions = {
    play: () => media.play(),
    pause: () => media.pause(),
    seekbackward: ({ seekOffset = 10 }) => { media.currentTime -= seekOffset; },
    seekforward: ({ seekOffset = 10 }) => { media.currentTime += seekOffset; },
    seekto: ({ seekTime }) => { media.currentTime = seekTime; },
    previoustrack: goTo(previous),
    nexttrack: goTo(next),
  };
  for (const [name, act] of Object.entries(actions)) {
    try { session.setActionHandler(name, act || null); } catch { /* this system has no such key */ }
  }
  const where = () => {
    if (!Number.isFinite(media.duration) || media.readyState === 0) return;
    const position = Math.min(media.currentTime, media.duration);
    session.setPositionState?.({ duration: media.duration, playbackRate: media.playbackRate, position });
  };
  for (const name of ["loadedmetadata", "seeked", "ratechange"]) media.addEventListener(name, where);
}

export function canFloat(media) {
  return Boolean(document.pictureInPictureEnabled && media.requestPictureInPicture);
}

export function float(media) {
  if (!canFloat(media) || media.readyState === 0) return;
  const done = document.pictureInPictureElement ? document.exitPictureInPicture() : media.requestPictureInPicture();
  done.catch(() => {});
}

export function fill(media) {
  if (document.fullscreenElement) return document.exitFullscreen();
  // A telephone of Apple's knows this only of the film itself.
  return media.requestFullscreen ? media.requestFullscreen().catch(() => {}) : media.webkitEnterFullscreen?.();
}
