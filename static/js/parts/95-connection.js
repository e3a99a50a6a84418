// The state of the live connection, shown wherever a page has a [data-connection].
function tellConnection(state) {
  for (const badge of document.querySelectorAll("[data-connection]")) badge.dataset.connection = state;
}

document.addEventListener("htmx:ws:after:connection", () => tellConnection("live"));
document.addEventListener("htmx:ws:close", () => tellConnection("lost"));
document.addEventListener("htmx:ws:error", () => tellConnection("lost"));
addEventListener("offline", () => tellConnection("lost"));
document.addEventListener("alef:connection", (event) => tellConnection(event.detail.state));
