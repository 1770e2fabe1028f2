// What one writes is not lost by leaving the page: what has a draft is kept at once, elsewhere the browser asks.

const STATUS = "#draft_status";
const unsaved = new Set();

function keep() {
  for (const form of unsaved) {
    const address = form.querySelector(STATUS)?.getAttribute("hx-post");
    if (address && navigator.sendBeacon(address, new FormData(form))) unsaved.delete(form);
  }
}

document.addEventListener("input", ({ target }) => {
  if (target.form?.elements.body) unsaved.add(target.form);
});
document.addEventListener("submit", ({ target }) => unsaved.delete(target));
document.addEventListener("htmx:afterRequest", ({ target, detail }) => {
  const form = target.matches(STATUS) ? target.closest("form") : null;
  // Somebody may have written on meanwhile.
  if (detail.successful && form?.elements.body.value === detail.requestConfig.parameters.body) unsaved.delete(form);
});

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") keep();
});
addEventListener("pagehide", keep);
// Who comes back to a page that the browser has kept writes something new there.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) for (const field of document.querySelectorAll("input[name=page]")) field.value = crypto.randomUUID();
});
addEventListener("beforeunload", (event) => {
  if ([...unsaved].some((form) => !form.querySelector(STATUS))) event.preventDefault();
});
