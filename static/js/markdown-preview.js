// Renews the preview beside a Markdown field of the admin while one types.

const PAUSE_MS = 300;

function connect(editor) {
  const source = editor.querySelector("textarea");
  const frame = editor.querySelector("iframe");
  const token = source.form.querySelector("[name=csrfmiddlewaretoken]").value;
  let timer;
  let newest = 0;

  async function renew() {
    const number = ++newest;
    const answer = await fetch(editor.dataset.previewUrl, {
      method: "POST",
      headers: { "X-CSRFToken": token },
      body: new URLSearchParams({ body: source.value }),
    }).catch(() => null);
    if (number !== newest) return;
    const place = frame.contentWindow?.scrollY ?? 0;
    frame.addEventListener("load", () => frame.contentWindow.scrollTo(0, place), { once: true });
    frame.srcdoc = answer?.ok ? await answer.text() : "<p>The preview could not be made. Your text is safe in the field.</p>";
  }

  source.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(renew, PAUSE_MS);
  });
  renew();
}

document.querySelectorAll(".markdown-editor").forEach(connect);
