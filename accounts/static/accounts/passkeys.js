// Passkeys need JavaScript and a browser that has them: what offers one stays hidden until both are known to be there.
if (window.PublicKeyCredential) {
  document.querySelectorAll("[data-needs-passkeys]").forEach((part) => { part.hidden = false; });
  document.querySelectorAll("[data-lacks-passkeys]").forEach((part) => { part.hidden = true; });
}

// allauth tells of a passkey that was refused, cancelled or not found by this event alone.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  document.querySelectorAll("[data-passkey-error]").forEach((message) => { message.hidden = false; });
});
