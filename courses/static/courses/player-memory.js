// What a person has chosen once: it holds for every lesson on this device.

export function remember(name, value) {
  try { localStorage.setItem(`lectern.${name}`, value); } catch { /* private windows may keep nothing */ }
}

export function remembered(name) {
  try { return localStorage.getItem(`lectern.${name}`); } catch { return null; }
}
