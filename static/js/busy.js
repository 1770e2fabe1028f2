// Where an answer takes its time, the button that was pressed says that it is awaited (button.css waits half a second).
// htmx marks its own requests, and what a script sends is no business of this one.

document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented) event.submitter?.setAttribute("aria-busy", "true");
});

// Back on a page that the browser kept as it was left.
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
});

// A button that its answer takes the place of stays where something went wrong: that stands beside it, until the next
// answer.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { target } = detail;
  if (!target.matches(".like, .watch")) return;
  if (target.nextElementSibling?.matches("[role=alert]")) target.nextElementSibling.remove();
  if (detail.xhr.status >= 400) detail.swapOverride = "afterend";
});
