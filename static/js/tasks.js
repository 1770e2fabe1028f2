// Task lists can be ticked, and stay ticked in this browser.

const boxes = document.querySelectorAll(".task-list-item-checkbox");
const key = `tasks:${location.pathname}`;

function read() {
  try {
    return new Set(JSON.parse(localStorage.getItem(key) ?? "[]"));
  } catch {
    return new Set();
  }
}

function write(done) {
  try {
    localStorage.setItem(key, JSON.stringify([...done]));
  } catch {
    // No storage: the ticks last as long as the page.
  }
}

const done = read();
boxes.forEach((box, number) => {
  box.disabled = false;
  box.checked = done.has(number);
  box.addEventListener("change", () => {
    if (box.checked) done.add(number);
    else done.delete(number);
    write(done);
  });
});
