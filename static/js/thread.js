// Liking without leaving: the button that comes back stands in the place of the one that was pressed.

const likes = document.getElementById("acts");

likes?.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button?.classList.contains("like")) return;
  event.preventDefault();
  const values = Object.fromEntries(new FormData(likes, button));
  htmx.ajax("POST", button.formAction, { values, target: button, swap: "outerHTML" });
});

// Replying where one reads: the form of the page comes to the comment. Without this, "Reply" leads to a page of its own.

const REPLY = 'a[href$="/reply/"]';
const section = document.getElementById("write_comment");
const form = section?.querySelector("form");

if (form) {
  const home = { action: form.action, place: form.elements.place.value };
  const texts = new Map();
  const cancel = document.createElement("button");
  cancel.type = "button";
  cancel.className = "button button--link";
  cancel.textContent = "Cancel reply";
  const send = form.querySelector("button[type=submit]");
  const words = send.textContent;

  // Each place keeps what was begun there.
  function move(action, place, label) {
    form.dispatchEvent(new Event("draft:leave", { bubbles: true }));
    texts.set(form.elements.place.value, form.elements.body.value);
    form.action = action;
    form.elements.place.value = place;
    form.elements.body.value = texts.get(place) ?? "";
    send.textContent = label;
    form.querySelector(".preview").replaceChildren();
  }

  // A reply that was begun another time stands on the page of its own.
  async function bringDraft(address, place) {
    if (texts.has(place)) return;
    const answer = await fetch(address).catch(() => null);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const draft = page.querySelector("textarea[name=body]")?.value;
    if (draft && form.elements.place.value === place && !form.elements.body.value) form.elements.body.value = draft;
  }

  cancel.addEventListener("click", () => {
    const link = form.parentElement.querySelector(REPLY);
    move(home.action, home.place, words);
    cancel.remove();
    section.append(form);
    link?.focus();
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest(REPLY);
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    const comment = link.closest(".comment");
    const place = `reply-${comment.id.slice(1)}`;
    move(link.href, place, "Post reply");
    bringDraft(link.href, place);
    comment.append(form);
    form.querySelector(".draft").before(cancel);
    form.elements.body.focus();
  });
}
