// What one writes is not lost by leaving the page: what has a draft is kept at once, elsewhere the browser asks.

const STATUS = "#draft_status";
const unsaved = new Set();
// What each form sent as the page was left: leaving has two events.
let sent = new WeakMap();

// Nobody learns what becomes of it, so the form stays among those that are not saved.
function keep(form) {
  const address = form.querySelector(STATUS)?.getAttribute("hx-post");
  const fields = new FormData(form);
  const words = new URLSearchParams(fields).toString();
  if (address && sent.get(form) !== words && navigator.sendBeacon(address, fields)) sent.set(form, words);
}

document.addEventListener("input", ({ target }) => {
  if (target.form?.elements.body) unsaved.add(target.form);
});
document.addEventListener("submit", ({ target }) => unsaved.delete(target));
// The form goes to another place on the page, where other words stand (thread.js).
document.addEventListener("draft:leave", ({ target }) => {
  if (unsaved.delete(target)) keep(target);
});
document.addEventListener("htmx:configRequest", (event) => {
  const form = event.target.matches(STATUS) ? event.target.closest("form") : null;
  // It was typed in the place that the form has left since.
  if (form && !unsaved.has(form)) event.preventDefault();
});
document.addEventListener("htmx:afterRequest", ({ target, detail }) => {
  const form = target.matches(STATUS) ? target.closest("form") : null;
  // Somebody may have written on meanwhile.
  if (detail.successful && form?.elements.body.value === detail.requestConfig.parameters.body) unsaved.delete(form);
});

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") unsaved.forEach(keep);
  else sent = new WeakMap();
});
addEventListener("pagehide", () => unsaved.forEach(keep));
// Who comes back to a page that the browser has kept writes something new there.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) for (const field of document.querySelectorAll("input[name=page]")) field.value = crypto.randomUUID();
});
addEventListener("beforeunload", (event) => {
  if ([...unsaved].some((form) => !form.querySelector(STATUS))) event.preventDefault();
});
