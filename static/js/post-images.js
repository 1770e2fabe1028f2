// Images in what one writes: chosen, pasted or dropped, they are uploaded, and their Markdown comes to the cursor.
// Without this, the link leads to a page that uploads them.

function connect(link) {
  const form = link.closest("form");
  const area = form.elements.body;
  const status = form.querySelector("[data-image-status]");
  const chooser = document.createElement("input");
  chooser.type = "file";
  chooser.accept = "image/jpeg,image/png,image/webp,image/gif";
  chooser.multiple = true;

  async function upload(file) {
    const body = new FormData();
    body.append("file", file);
    const headers = { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
    try {
      const answer = await fetch(link.dataset.images, { method: "POST", body, headers });
      const said = await answer.json();
      return answer.ok ? said : { fault: said.errors?.[0].detail ?? said.detail };
    } catch {
      return { fault: "The image could not be sent. Try again." };
    }
  }

  // The first description is marked, to be typed over.
  function insert(markdown) {
    const from = area.selectionStart;
    area.setRangeText(markdown, from, area.selectionEnd, "end");
    area.focus();
    area.setSelectionRange(from + 2, from + markdown.indexOf("]"));
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  async function take(files) {
    status.textContent = "Uploading…";
    const answers = [];
    for (const file of files) answers.push(await upload(file));
    const added = answers.filter((answer) => answer.markdown).map((answer) => answer.markdown);
    if (added.length) insert(added.join("\n\n"));
    status.textContent = answers.find((answer) => answer.fault)?.fault ?? "";
  }

  link.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    chooser.click();
  });
  chooser.addEventListener("change", () => {
    take([...chooser.files]);
    chooser.value = "";
  });
  area.addEventListener("paste", (event) => {
    // Office programs also put a picture of the text there.
    const files = event.clipboardData.files;
    if (!files.length || event.clipboardData.getData("text/plain")) return;
    event.preventDefault();
    take(files);
  });
  area.addEventListener("dragover", (event) => {
    if (event.dataTransfer.types.includes("Files")) event.preventDefault();
  });
  area.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
}

for (const link of document.querySelectorAll("a[data-images]")) connect(link);
