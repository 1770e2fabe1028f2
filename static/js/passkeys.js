// Passkeys: a form with data-passkey="create" or "get" asks the browser for one and sends what it answers.
// The options come from the element that data-options names, or, where none is known yet, from data-options-url.

const CHOOSE_ANOTHER = "Choose another way, or use a current browser.";

async function optionsOf(form) {
  if (form.dataset.options) return JSON.parse(document.getElementById(form.dataset.options).textContent);
  const answer = await fetch(form.dataset.optionsUrl, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) throw new DOMException("", "NetworkError");
  return answer.json();
}

async function create(form) {
  const options = (await optionsOf(form)).creation_options.publicKey;
  // Only what stays on the device and asks for finger, face or PIN can stand for a password.
  const alone = form.elements.passwordless?.checked ?? false;
  options.authenticatorSelection = {
    ...options.authenticatorSelection,
    residentKey: alone ? "required" : "discouraged",
    requireResidentKey: alone,
    ...(alone && { userVerification: "required" }),
  };
  return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
}

async function get(form) {
  const options = (await optionsOf(form)).request_options.publicKey;
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
}

function inWords(error) {
  switch (error.name) {
    case "NotAllowedError":
    case "AbortError":
      return "It was cancelled or took too long. Try again when you are ready.";
    case "InvalidStateError":
      return "This device already has a passkey for your account.";
    case "ConstraintError":
    case "NotSupportedError":
      return `This device can’t do that. ${CHOOSE_ANOTHER}`;
    case "SecurityError":
      return `Passkeys don’t work at this address of the site. ${CHOOSE_ANOTHER}`;
    case "NetworkError":
      return "We couldn’t be reached. Wait a minute and try again.";
    default:
      return `That didn’t work. ${CHOOSE_ANOTHER}`;
  }
}

function connect(form) {
  const button = form.querySelector("[type=submit]");
  const fault = form.querySelector("[role=alert]");
  button.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    fault.textContent = "";
    if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
      fault.textContent = `This browser can’t use passkeys here. ${CHOOSE_ANOTHER}`;
      return;
    }
    button.disabled = true;
    try {
      const credential = await (form.dataset.passkey === "create" ? create(form) : get(form));
      form.elements.credential.value = JSON.stringify(credential.toJSON());
      form.submit();
    } catch (error) {
      fault.textContent = inWords(error);
    } finally {
      button.disabled = false;
      button.focus();
    }
  });
}

document.querySelectorAll("form[data-passkey]").forEach(connect);
