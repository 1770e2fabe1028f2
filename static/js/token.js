// Whoever has signed in in another tab since has another token now. What is sent from here takes it along, rather than
// being refused, if this is still the person whom the page was made for: nobody sends another's form.

const FIELD = "csrfmiddlewaretoken";
const me = document.querySelector("[data-me]")?.dataset.me;
let known = token();

function token() {
  return document.cookie.match(/(?:^|; )__Host-csrf=([^;]+)/)?.[1];
}

async function isStillMe() {
  const answer = await fetch("/api/users/me");
  return answer.ok && (await answer.json()).email === me;
}

async function renew() {
  const [newest, before] = [token(), known];
  if (!newest || newest === before) return;
  known = newest;
  try {
    if (me && !(await isStillMe())) return;
  } catch {
    // Without a network nobody can be asked; the next time perhaps.
    known = before;
    return;
  }
  for (const field of document.querySelectorAll(`[name=${FIELD}]`)) field.value = newest;
  for (const holder of document.querySelectorAll("[data-token]")) holder.dataset.token = newest;
}

// Where one comes back to, and where one goes on.
for (const event of ["focus", "pageshow"]) addEventListener(event, renew);
for (const event of ["visibilitychange", "focusin", "input"]) document.addEventListener(event, renew);
