// Code blocks: a button that copies, and a place in the tab order only where there is something to scroll.

function addCopyButton(figure) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(figure.querySelector("code").textContent.trimEnd());
      button.textContent = "Copied";
      button.dataset.state = "done";
      dispatchEvent(new CustomEvent("feature", { detail: "copy_code" }));
    } catch {
      button.textContent = "Not allowed";
    }
    setTimeout(() => {
      button.textContent = "Copy";
      delete button.dataset.state;
    }, 2000);
  });
  figure.querySelector("figcaption").append(button);
}

const scrollers = document.querySelectorAll(".code__body, .table");
const watcher = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
for (const scroller of scrollers) watcher.observe(scroller);

if (navigator.clipboard) document.querySelectorAll("figure.code").forEach(addCopyButton);
