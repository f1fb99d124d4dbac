// Says whether a code can be used, and what it gives, while it is being typed.

const form = document.getElementById("signing-up");
const answer = document.getElementById("code-answer");
const PAUSE = 250; // milliseconds without a key before the portal is asked

let waiting;
let asked = 0;

async function ask() {
  const question = ++asked;
  const query = new URLSearchParams({ code: form.elements.code.value, product: form.elements.product.value });
  const told = await fetch(`/sign-up/check?${query}`, { headers: { Accept: "application/json" } });
  if (question !== asked) return; // somebody has typed on meanwhile
  if (!told.ok && told.status !== 429) return; // the answer to too many codes has a sentence as well
  const { usable, sentence } = await told.json();
  answer.textContent = sentence;
  answer.className = usable === null ? "answer" : usable ? "answer usable" : "answer unusable";
}

function askSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(ask, PAUSE);
}

form.elements.code.addEventListener("input", askSoon);
form.elements.product.addEventListener("change", askSoon);
