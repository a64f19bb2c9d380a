// What the words of the page mean: its glossary, asked for by hover and focus.
const WORDS = new Map([...document.querySelectorAll("#glossary dl > div")].map((entry) => [
  entry.querySelector("dt").textContent.replace(/ \[.*/, "").toLowerCase(), entry.querySelector("dd").textContent]));
const SAME_WORD = { "with li": "li", "converted layer / mev/atom": "converted layer", made: "observed", bridge: "bridge", contact: "mutual energy",
  "layer after li": "converted layer", "bridge / v": "bridge margin", "mev/atom": "mutual energy", "products then": "products then" };
const wordOf = (name) => WORDS.get(SAME_WORD[String(name).toLowerCase()] || String(name).toLowerCase()) || "";

/** A word with its meaning for who asks; the word alone where none is known. */
function explained(name, meaning = wordOf(name)) {
  if (typeof name !== "string" || !meaning) return name;
  return withTip(h("span", { class: "term", tabindex: "0" }, name), () => [h("p", { class: "tip-title" }, name), h("p", {}, meaning)]);
}
