// A sign beside each heading marks the place; the form of the page then stands in a dialog.

const form = document.getElementById("mark-form");
const home = form.parentElement;
const notes = new Map(
  [...document.querySelectorAll(".mark")].map((mark) => [
    mark.dataset.block,
    mark.querySelector(".mark__note")?.innerText ?? "",
  ]),
);
const dialog = document.createElement("dialog");
dialog.className = "dialog";
dialog.setAttribute("aria-label", "Bookmark");
document.body.append(dialog);
dialog.addEventListener("close", () => home.append(form));
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});

function open(block) {
  form.elements.block.value = block;
  form.elements.note.value = notes.get(block) ?? "";
  dialog.append(form);
  dialog.showModal();
  form.elements.note.focus();
}

form.elements.block.addEventListener("change", ({ target }) => {
  form.elements.note.value = notes.get(target.value) ?? "";
});
for (const heading of document.querySelectorAll(".prose :is(h2, h3)[id]")) {
  const button = document.createElement("button");
  const marked = notes.has(heading.id);
  button.type = "button";
  button.className = marked ? "mark-button mark-button--on" : "mark-button";
  button.title = marked ? "Bookmarked: change the note" : "Bookmark this place";
  button.setAttribute("aria-label", `${button.title}: ${heading.textContent}`);
  heading.setAttribute("aria-label", heading.textContent);
  button.addEventListener("click", () => open(heading.id));
  heading.append(button);
}
