// Comforts of forms: passwords can be shown, secrets copied, a page printed, the time zone is known. Everything works
// without them.

function addShowButton(field) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "field__show";
  button.textContent = "Show";
  button.setAttribute("aria-label", "Show the password");
  button.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-controls", field.id);
  button.addEventListener("click", () => {
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.textContent = shown ? "Hide" : "Show";
    button.setAttribute("aria-pressed", String(shown));
  });
  // What is sent, and kept by the browser for later, is always a password.
  field.form.addEventListener("submit", () => {
    field.type = "password";
  });
  field.after(button);
}

function connectCopyButton(button) {
  const words = button.textContent;
  const source = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.dataset.text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not allowed";
    }
    setTimeout(() => {
      button.textContent = words;
    }, 2000);
  });
}

document.querySelectorAll(".field__secret > input").forEach(addShowButton);
if (navigator.clipboard) document.querySelectorAll("[data-copy]").forEach(connectCopyButton);
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
for (const field of document.querySelectorAll("input[type=hidden][name=time_zone]")) {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}
