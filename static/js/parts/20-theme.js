// The switch of theme: remembered in a cookie, so that the server renders the right one next time.
const root = document.documentElement;
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const shown = () => root.dataset.theme || (prefersDark.matches ? "dark" : "light");

function setTheme(choice) {
  if (choice === "system") delete root.dataset.theme;
  else root.dataset.theme = choice;
  const age = choice === "system" ? 0 : 31536000;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `theme=${choice}; path=/; max-age=${age}; samesite=lax${secure}`;
  announceTheme();
}

function announceTheme() {
  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    button.setAttribute("aria-pressed", String(shown() === "dark"));
  }
}

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-theme-toggle]")) setTheme(shown() === "dark" ? "light" : "dark");
});
prefersDark.addEventListener("change", announceTheme);
announceTheme();
