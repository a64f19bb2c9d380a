// Puts the page together.
function themeButton() {
  const button = document.getElementById("theme");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  const now = () => chosen || (dark.matches ? "dark" : "light");
  function show() {
    if (chosen) document.documentElement.dataset.theme = chosen;
    button.textContent = now() === "dark" ? "Switch to light" : "Switch to dark";
  }
  button.hidden = false;
  button.addEventListener("click", () => {
    chosen = now() === "dark" ? "light" : "dark";
    show();
  });
  dark.addEventListener("change", show);
  show();
}
function copyButton() {
  const button = document.getElementById("copy-bibtex"), text = document.getElementById("bibtex");
  const done = document.getElementById("copied");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      done.textContent = "Copied.";
    } catch {  // no clipboard for files in some browsers: select, so that a key press copies
      const range = document.createRange();
      range.selectNodeContents(text);
      window.getSelection().removeAllRanges();
      window.getSelection().addRange(range);
      done.textContent = "Selected; press Ctrl+C to copy.";
    }
  });
}
themeButton();
copyButton();
heatmap();
ranking();
windowsChart();
lithiationSection();
candidateSection();
compareSection();
wholeSections();
downloadsSection();
pictureTools();
window.addEventListener("hashchange", followAddress);
followAddress();
document.documentElement.dataset.ready = "yes";
