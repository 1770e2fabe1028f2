// Where an answer takes its time, the button that was pressed says that it is awaited (button.css waits half a second).
// htmx marks its own requests, and what a script sends is no business of this one.

document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented) event.submitter?.setAttribute("aria-busy", "true");
});

// Back on a page that the browser kept as it was left.
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
});

// Whoever has signed in in another tab since has another token now; what is sent from here takes it along, rather than
// being refused.

const TOKEN = "csrfmiddlewaretoken";

function token() {
  return document.cookie.match(/(?:^|; )__Host-csrf=([^;]+)/)?.[1];
}

document.addEventListener(
  "submit",
  ({ target }) => {
    const field = target.elements[TOKEN];
    if (field) field.value = token() ?? field.value;
  },
  true,
);
document.addEventListener("htmx:configRequest", ({ detail: { parameters } }) => {
  if (parameters[TOKEN]) parameters[TOKEN] = token() ?? parameters[TOKEN];
});
