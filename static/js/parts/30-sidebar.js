// The sidebar folds to a rail (a cookie, as for the theme); its groups remember whether they are open.
const page = document.documentElement;

function foldSidebar(folded) {
  if (folded) page.dataset.sidebar = "rail";
  else delete page.dataset.sidebar;
  document.cookie = `sidebar=${folded ? "rail" : "wide"}; path=/; max-age=31536000; samesite=lax`;
  tellFold(folded);
}

function tellFold(folded) {
  for (const button of document.querySelectorAll("[data-sidebar-fold]")) {
    button.setAttribute("aria-expanded", String(!folded));
  }
}

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-sidebar-fold]")) foldSidebar(page.dataset.sidebar !== "rail");
});

tellFold(page.dataset.sidebar === "rail"); // a page that needs the room begins with it folded

for (const group of document.querySelectorAll("details[data-nav-group]")) {
  const key = `nav:${group.dataset.navGroup}`;
  const holdsThisPage = group.querySelector("[aria-current]");
  if (localStorage.getItem(key) === "closed" && !holdsThisPage) group.open = false;
  group.addEventListener("toggle", () => {
    if (group.open) localStorage.removeItem(key);
    else localStorage.setItem(key, "closed");
  });
}

document.querySelector(".sidebar [aria-current]")?.scrollIntoView({ block: "nearest" });
