// A sign beside each heading marks the place; the form of the page then stands in a dialog.

const form = document.getElementById("mark_form");
const home = form.parentElement;
const marks = new Map([...document.querySelectorAll(".mark")].map((mark) => [mark.dataset.block, mark]));
const dialog = document.createElement("dialog");
dialog.className = "dialog";
dialog.setAttribute("aria-labelledby", "dialog_title");
dialog.innerHTML = `<div class="dialog__head">
  <h2 class="dialog__title" id="dialog_title">Bookmark</h2>
  <button class="button button--small" type="button">Cancel</button>
</div>`;
dialog.querySelector("button").addEventListener("click", () => dialog.close());
document.body.append(dialog);
dialog.addEventListener("close", () => {
  dialog.querySelector("form + form")?.remove();
  home.append(form);
});
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});

// What is noted at the place, and, if it is marked, the way to remove the mark.
function fill(block) {
  const mark = marks.get(block);
  form.elements.note.value = mark?.dataset.note ?? "";
  if (!dialog.open) return;
  dialog.querySelector("form + form")?.remove();
  if (mark) form.after(mark.querySelector("form").cloneNode(true));
}

form.elements.block.addEventListener("change", ({ target }) => fill(target.value));
for (const heading of document.querySelectorAll(".prose :is(h2, h3)[id]")) {
  const button = document.createElement("button");
  const marked = marks.has(heading.id);
  button.type = "button";
  button.className = marked ? "mark-button mark-button--on" : "mark-button";
  button.title = marked ? "Bookmarked: change the note" : "Bookmark this place";
  button.setAttribute("aria-label", `${button.title}: ${heading.textContent}`);
  heading.setAttribute("aria-label", heading.textContent);
  button.addEventListener("click", () => {
    form.elements.block.value = heading.id;
    dialog.append(form);
    dialog.showModal();
    fill(heading.id);
    form.elements.note.focus();
  });
  heading.append(button);
}
