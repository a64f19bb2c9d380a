// Details of what the pointer or the keyboard is on.
const TIP = document.getElementById("tooltip");
let tipOwner = null;

/** Give an element details; `content` returns nodes when they are wanted. */
function withTip(element, content) {
  element.addEventListener("pointerenter", (event) => {
    if (event.pointerType !== "touch") showTip(element, content);
  });
  element.addEventListener("pointerleave", () => hideTip(element));
  element.addEventListener("focus", () => showTip(element, content));
  element.addEventListener("blur", () => hideTip(element));
  return element;
}
function showTip(element, content, at = null) {
  if (tipOwner && tipOwner !== element) tipOwner.removeAttribute("aria-describedby");
  TIP.replaceChildren(...content());
  TIP.hidden = false;
  tipOwner = element;
  element.setAttribute("aria-describedby", "tooltip");
  const box = at || element.getBoundingClientRect();
  const mine = TIP.getBoundingClientRect();
  const room = document.documentElement.clientWidth;
  const left = Math.max(6, Math.min(box.left, room - mine.width - 6));
  const below = box.bottom + 8 + mine.height < window.innerHeight || box.top < mine.height + 8;
  TIP.style.setProperty("left", `${left + window.scrollX}px`);
  TIP.style.setProperty("top", `${(below ? box.bottom + 8 : box.top - mine.height - 8) + window.scrollY}px`);
}
function hideTip(element) {
  if (element && element !== tipOwner) return;
  if (tipOwner) tipOwner.removeAttribute("aria-describedby");
  TIP.hidden = true;
  tipOwner = null;
}
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") hideTip(null);
});
const tipLine = (name, ...value) => h("p", {}, h("span", { class: "tip-name" }, name), " ", ...value);
