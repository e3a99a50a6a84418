// Built from js/parts by build.mjs; edit those. Loaded as a module: strict, deferred, no global but `alef`.

// 10-menus.js
{
// A menu is <details data-menu>: it works alone; this closes it on a click elsewhere and on Escape.
const openMenus = () => document.querySelectorAll("details[data-menu][open]");

document.addEventListener("click", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("focusout", (event) => {
  const menu = event.target.closest?.("details[data-menu][open]");
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
});
}

// 20-theme.js
{
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
}

// 30-sidebar.js
{
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
}

// 40-dialogs.js
{
// Buttons open dialogs by `command` and `commandfor`; this does it where the browser can't yet.
if (!("commandForElement" in HTMLButtonElement.prototype)) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[commandfor]");
    const target = button && document.getElementById(button.getAttribute("commandfor"));
    if (!target) return;
    if (button.getAttribute("command") === "show-modal" && !target.open) target.showModal();
    if (button.getAttribute("command") === "close") target.close();
  });
}

if (!("closedBy" in HTMLDialogElement.prototype)) {
  document.addEventListener("click", (event) => {
    if (event.target.matches?.('dialog[closedby="any"][open]')) event.target.close();
  });
}
}

// 50-toasts.js
{
// Toasts: from `HX-Trigger: {"toast": {"hue": "success", "title": "…", "text": "…"}}`, or a "toast" event.
// They leave after six seconds unless they tell of an error or somebody is reading them.
const toastRegion = () => document.querySelector("[data-toasts]");

function dismissToast(toast) {
  toast.dataset.leaving = "";
  setTimeout(() => toast.remove(), 180);
}

function arm(toast) {
  if ("sticky" in toast.dataset) return;
  let timer = setTimeout(dismissToast, 6000, toast);
  const hold = () => clearTimeout(timer);
  const release = () => (timer = setTimeout(dismissToast, 3000, toast));
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("pointerleave", release);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("focusout", release);
}

function showToast({ hue = "info", title = "", text = "" }) {
  const region = toastRegion();
  const template = region?.querySelector(`template[data-toast-hue="${CSS.escape(hue)}"]`);
  if (!template) return;
  const toast = template.content.firstElementChild.cloneNode(true);
  toast.querySelector("[data-toast-title]").textContent = title;
  const body = toast.querySelector("[data-toast-text]");
  body.textContent = text;
  body.hidden = !text;
  region.append(toast);
  while (region.querySelectorAll("[data-toast]").length > 4) region.querySelector("[data-toast]").remove();
  arm(toast);
}

document.addEventListener("toast", (event) => showToast(event.detail ?? {}));
document.addEventListener("click", (event) => {
  const toast = event.target.closest?.("[data-toast-close]")?.closest("[data-toast]");
  if (toast) dismissToast(toast);
});
toastRegion()?.querySelectorAll("[data-toast]").forEach(arm);

// What htmx didn't swap in is told, never swallowed.
const failed = (key) => showToast({ hue: "error", title: toastRegion()?.dataset[key] });
document.addEventListener("htmx:error", () => failed("offline"));
document.addEventListener("htmx:response:error", (event) => {
  const { status, headers } = event.detail.ctx.response;
  if (status === 422 || headers?.get?.("HX-Trigger")?.includes("toast")) return;
  failed(status === 403 ? "forbidden" : status === 429 ? "busy" : status === 401 ? "login" : "failed");
});
}

// 60-forms.js
{
// Forms: focus on the first error, no double sending, passwords one can look at, "Max" buttons.
function focusFirstError(scope) {
  const summary = scope.querySelector("[data-error-summary]");
  const wrong = scope.querySelector('form[data-form] [aria-invalid="true"]:not([type="hidden"])');
  const several = scope.querySelectorAll('form[data-form] [aria-invalid="true"]').length > 3;
  (several && summary ? summary : (wrong ?? summary))?.focus();
}

focusFirstError(document);
document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx?.response?.status === 422) focusFirstError(document);
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-form]");
  if (!form || event.defaultPrevented) return;
  if (form.dataset.sending) return event.preventDefault();
  if (form.method === "get" || form.matches("[hx-post],[hx-put],[hx-patch],[hx-delete]")) return;
  form.dataset.sending = "true";
  event.submitter?.setAttribute("aria-busy", "true");
});

addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sending]")) {
    delete form.dataset.sending;
    form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  }
});

document.addEventListener("click", (event) => {
  const reveal = event.target.closest?.("[data-reveal-toggle]");
  if (reveal) {
    const input = reveal.closest("[data-reveal]").querySelector("input");
    const show = input.type === "password";
    input.type = show ? "text" : "password";
    reveal.setAttribute("aria-pressed", String(show));
  }
  const fill = event.target.closest?.("[data-fill]");
  if (fill) {
    const input = document.getElementById(fill.dataset.fill);
    input.value = fill.dataset.fillValue.replaceAll(",", "");
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
    input.focus();
  }
});
}

// 65-uploads.js
{
// Files: what was chosen or dropped is listed; a form with [data-upload] is sent with a progress bar.
// The answer is the page the server would have shown anyway: a redirect is followed, a 422 replaces the form.
const units = ["B", "KB", "MB", "GB"];

function readable(bytes) {
  const step = bytes < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** step).toFixed(step ? 1 : 0)} ${units[step]}`;
}

function listFiles(drop) {
  const list = drop.querySelector("[data-drop-list]");
  const rows = [...drop.querySelector('input[type="file"]').files].map((file) => {
    const row = drop.querySelector("[data-drop-template]").content.firstElementChild.cloneNode(true);
    row.querySelector("[data-file-name]").textContent = file.name;
    row.querySelector("[data-file-size]").textContent = readable(file.size);
    return row;
  });
  list.replaceChildren(...rows);
}

document.addEventListener("change", (event) => {
  const drop = event.target.matches?.('[data-drop] input[type="file"]') && event.target.closest("[data-drop]");
  if (drop) listFiles(drop);
});

for (const [name, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
  document.addEventListener(name, (event) => {
    const zone = event.target.closest?.("[data-drop-zone]");
    if (zone) zone.toggleAttribute("data-over", over);
  });
}

function showProgress(form, share) {
  for (const bar of form.querySelectorAll("[data-drop-list] [data-file-progress]")) {
    bar.hidden = false;
    bar.value = Math.round(share * 100);
  }
}

function take(form, request) {
  const here = new URL(form.action, location.href).href;
  if (request.status < 400 && request.responseURL !== here) return location.assign(request.responseURL);
  const answer = new DOMParser().parseFromString(request.responseText, "text/html");
  const again = form.id ? answer.getElementById(form.id) : answer.querySelector("form[data-upload]");
  if (!again) return location.reload();
  form.replaceWith(again);
  globalThis.htmx?.process(again);
  again.querySelector('[aria-invalid="true"], [data-error-summary]')?.focus();
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-upload]");
  if (!form || event.defaultPrevented || form.matches("[hx-post]")) return;
  const hasFiles = [...form.querySelectorAll('input[type="file"]')].some((input) => input.files.length);
  if (!hasFiles) return;
  event.preventDefault();
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", (step) => showProgress(form, step.loaded / step.total));
  request.addEventListener("load", () => take(form, request));
  request.addEventListener("error", () => {
    delete form.dataset.sending;
    event.submitter?.removeAttribute("aria-busy");
    document.dispatchEvent(new Event("htmx:error"));
  });
  request.open("POST", form.action);
  request.send(new FormData(form, event.submitter));
});
}

// 70-copy.js
{
// Copy what [data-copy] holds, and say that it was copied.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    return; // no permission, or not a secure page: the text is still there to select
  }
  button.dataset.copied = "";
  const live = document.querySelector("[data-announce]");
  if (live) live.textContent = live.dataset.announce;
  setTimeout(() => {
    delete button.dataset.copied;
    if (live) live.textContent = "";
  }, 1600);
});
}

// 80-times.js
{
// Times: the reader's own zone is added to the tooltip; [data-relative] reads "3 minutes ago".
const language = document.documentElement.lang || "en";
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const local = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "long" });
const steps = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function tellTime(element) {
  const at = new Date(element.dateTime);
  if (Number.isNaN(at.getTime())) return;
  if (!element.dataset.zoned) {
    element.dataset.zoned = "true";
    element.title += `\n${local.format(at)}`;
  }
  if (!("relative" in element.dataset)) return;
  const seconds = (at - Date.now()) / 1000;
  const [unit, length] = steps.find(([, size]) => Math.abs(seconds) >= size) ?? steps.at(-1);
  if (Math.abs(seconds) < 30 * 86400) element.textContent = relative.format(Math.round(seconds / length), unit);
}

const tellTimes = (scope) => scope.querySelectorAll?.("time[datetime]").forEach(tellTime);
tellTimes(document);
document.addEventListener("htmx:after:swap", () => tellTimes(document));
setInterval(() => document.querySelectorAll("time[data-relative]").forEach(tellTime), 30000);
}

// 90-keys.js
{
// Keys: Ctrl-K or / goes to the search; an element with [data-key="b"] is clicked by that key.
const typing = (element) => element?.matches?.("input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  const search = document.querySelector("[data-search]");
  const wantsSearch = (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) ||
    (event.key === "/" && !typing(event.target));
  if (wantsSearch && search) {
    event.preventDefault();
    search.focus();
    search.select();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (typing(event.target) && event.key !== "Escape") return;
  if (document.querySelector("dialog[open]")) return;
  const wanted = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (wanted) {
    event.preventDefault();
    wanted.click();
  }
});
}

// 95-connection.js
{
// The state of the live connection, shown wherever a page has a [data-connection].
function tellConnection(state) {
  for (const badge of document.querySelectorAll("[data-connection]")) badge.dataset.connection = state;
}

document.addEventListener("htmx:ws:after:connection", () => tellConnection("live"));
document.addEventListener("htmx:ws:close", () => tellConnection("lost"));
document.addEventListener("htmx:ws:error", () => tellConnection("lost"));
addEventListener("offline", () => tellConnection("lost"));
document.addEventListener("alef:connection", (event) => tellConnection(event.detail.state));
}

// 96-feed.js
{
// Live data of a page over one WebSocket, /ws/v1 (docs/api/websocket.md). Nothing is connected before it is asked for.
//
//   alef.feed.subscribe(channel, instrument, callback)
//
// "book"    callback({type: "book", instrument, sequence, bids, asks}): the whole book, best first, as pairs of text
//           [price, quantity]; at most once a frame. Steps, gaps and checksums are dealt with here.
// "trades"  callback({type: "snapshot" | "trades", instrument, trades}): newest last. A snapshot replaces all.
// "market"  callback({type: "status", instrument, state})
// "orders"  instrument is null; callback({type: "order", order}) and ({type: "fill", fill}), and ({type: "resync"})
//           whenever something may have been missed, the first time included: read the orders from the server then.
// any       callback({type: "error", code, detail}) where the server refuses the subscription.
//
// It ends with the page. A second subscription of the same channel and instrument gets a snapshot of its own time.
// The state of the connection goes to every [data-connection] and, as "alef:connection", to the document.
const topics = new Map();
const frames = new Set();
const PING = 20000;
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit += 1) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte >>> 0;
});
let socket = null;
let tries = 0;
let timer = 0;
let heard = 0;
let leaving = false;

const keyOf = (channel, instrument) => `${channel} ${instrument ?? ""}`;
const tell = (state) => document.dispatchEvent(new CustomEvent("alef:connection", { detail: { state } }));
const isOpen = () => socket?.readyState === WebSocket.OPEN;

function say(message) {
  if (isOpen()) socket.send(JSON.stringify(message));
}

function about(topic) {
  return topic.instrument ? { channel: topic.channel, instrument: topic.instrument } : { channel: topic.channel };
}

function pass(topic, message) {
  for (const callback of [...topic.callbacks]) {
    try {
      callback(message);
    } catch (error) {
      console.error(error);
    }
  }
}

function crc(text) {
  let sum = 0xffffffff;
  for (let at = 0; at < text.length; at += 1) sum = table[(sum ^ text.charCodeAt(at)) & 0xff] ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}

// Prices of one instrument have equally many digits after the point, so without it they compare as whole numbers.
const whole = (price) => BigInt(price.replace(".", ""));
const order = (one, other) => (one === other ? 0 : one < other ? -1 : 1);

function levels(side, best) {
  return [...side].sort(([one], [other]) => best * order(whole(one), whole(other)));
}

function sorted(topic) {
  return { bids: levels(topic.bids, -1), asks: levels(topic.asks, 1) };
}

function takeBook(topic, message) {
  if (message.type === "snapshot") {
    topic.bids = new Map(message.bids);
    topic.asks = new Map(message.asks);
    topic.lost = false;
  } else if (topic.lost || message.previous !== topic.sequence) {
    return renew(topic);
  } else {
    for (const side of ["bids", "asks"]) {
      for (const [price, quantity] of message[side]) {
        if (quantity === "0") topic[side].delete(price);
        else topic[side].set(price, quantity);
      }
    }
  }
  topic.sequence = message.sequence;
  const { bids, asks } = sorted(topic);
  const first = [...bids.slice(0, 10), ...asks.slice(0, 10)].map((level) => level.join(":"));
  if (crc(first.join("|")) !== message.checksum) return renew(topic);
  if (!frames.size) requestAnimationFrame(drawFrames);
  frames.add(topic);
  return undefined;
}

function drawFrames() {
  const due = [...frames];
  frames.clear();
  for (const topic of due) {
    if (topic.lost) continue;
    pass(topic, { type: "book", instrument: topic.instrument, sequence: topic.sequence, ...sorted(topic) });
  }
}

// Something is missing: a subscription that is asked for again is answered with a snapshot.
function renew(topic) {
  if (topic.lost) return;
  topic.lost = true;
  say({ op: "subscribe", ...about(topic) });
}

function take(message) {
  heard = Date.now();
  const topic = topics.get(keyOf(message.channel, message.instrument));
  if (!topic) return;
  if (message.type === "subscribed") {
    if (topic.channel === "orders") pass(topic, { type: "resync" });
  } else if (topic.channel === "book" && message.type !== "error") {
    takeBook(topic, message);
  } else {
    pass(topic, message);
  }
}

function open() {
  clearTimeout(timer);
  timer = 0;
  if (socket || leaving || !topics.size) return;
  tell("connecting");
  const opened = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/v1`);
  socket = opened;
  opened.addEventListener("open", () => {
    heard = Date.now();
    tell("live");
    for (const topic of topics.values()) {
      topic.lost = topic.channel === "book";
      say({ op: "subscribe", ...about(topic) });
    }
  });
  opened.addEventListener("message", ({ data }) => {
    if (socket !== opened) return;
    tries = 0;
    take(JSON.parse(data));
  });
  opened.addEventListener("close", ({ code }) => lose(opened, code));
}

// Back off up to half a minute, never twice the same: a server that comes back isn't met by everybody at once.
function lose(closed, code) {
  if (socket !== closed) return;
  socket = null;
  tell("lost");
  if (code === 4403 || leaving || timer) return;
  const wait = Math.min(30000, 500 * 2 ** tries) * (0.5 + Math.random());
  tries += 1;
  timer = setTimeout(open, wait);
}

function drop() {
  const closed = socket;
  closed?.close();
  if (closed) lose(closed, 0);
}

function subscribe(channel, instrument, callback) {
  const key = keyOf(channel, instrument);
  const topic = topics.get(key) ?? { channel, instrument, callbacks: new Set(), sequence: null, lost: channel === "book" };
  topics.set(key, topic);
  topic.callbacks.add(callback);
  say({ op: "subscribe", ...about(topic) });
  open();
}

setInterval(() => {
  if (!isOpen()) return;
  if (Date.now() - heard > 2.5 * PING) drop();
  else say({ op: "ping" });
}, PING);
addEventListener("online", () => {
  tries = 0;
  open();
});
addEventListener("offline", drop);
addEventListener("pagehide", () => {
  leaving = true;
  socket?.close();
});
addEventListener("pageshow", () => {
  leaving = false;
  open();
});

window.alef = { ...window.alef, feed: { subscribe } };
}

// 97-market.js
{
// The trading screen: the book, the tape and the chart move by the feed; keys, levels and ticks fill the ticket.
// What needs arithmetic of money is rendered by the server and asked for again; here texts are only cut and put.
const market = document.querySelector("[data-market]");
const priceField = () => document.querySelector('[data-ticket] [name="price"]');
const decimals = Number(market?.dataset.priceDecimals ?? 2);

const grouped = (text) => {
  const [whole, fraction] = text.split(".");
  const digits = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? digits : `${digits}.${fraction}`;
};
// Quantities come with all digits of the asset; a lot needs fewer, and the rest is zeros.
const quantity = (text) => {
  const digits = Number(market.dataset.quantityDigits);
  const [whole, fraction = ""] = text.split(".");
  return digits ? `${whole}.${fraction.padEnd(digits, "0").slice(0, digits)}` : whole;
};
const scaled = (text, places) => {
  const [whole, fraction = ""] = String(text).split(".");
  return BigInt(whole + fraction.padEnd(places, "0").slice(0, places));
};
const unscaled = (units, places) => {
  const digits = String(units).padStart(places + 1, "0");
  return places ? `${digits.slice(0, -places)}.${digits.slice(-places)}` : digits;
};
const tell = (name) => document.dispatchEvent(new CustomEvent(name));
const soon = (name, pause) => {
  let waits = false;
  return () => {
    if (waits) return;
    waits = true;
    setTimeout(() => {
      waits = false;
      tell(name);
    }, pause);
  };
};

// The book: the feed gives it whole, best first, at most once a frame.
const LEVELS = 20;
const PLACES = 18;
let best = { buy: [], sell: [] };

function cumulated(found) {
  let total = 0n;
  return found.slice(0, LEVELS).map(([price, size]) => {
    total += scaled(size, PLACES);
    return { price, size, units: scaled(price, decimals), total };
  });
}

function bdi(text) {
  const node = document.createElement("bdi");
  node.className = "ltr";
  node.textContent = text;
  return node;
}

function cell(tag, ...names) {
  const node = document.createElement(tag);
  node.setAttribute("role", "cell");
  node.className = names.join(" ");
  node.append(bdi(""));
  return node;
}

function newRow() {
  const row = document.createElement("div");
  row.className = "ladder-row";
  row.setAttribute("role", "row");
  const canTrade = "mine" in market.dataset;
  const bar = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  bar.setAttribute("class", "depth");
  bar.setAttribute("aria-hidden", "true");
  const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  rect.setAttribute("height", "100%");
  bar.append(rect);
  row.append(cell("span", "ladder-price"), cell("span"), cell("span", "text-muted"), bar);
  if (canTrade) {
    const link = document.createElement("a");
    link.append(row.firstElementChild.firstElementChild);
    row.firstElementChild.append(link);
  }
  return row;
}

function fillRow(row, side, level, deepest) {
  const [price, size, total, bar] = row.children;
  row.dataset.price = level.price;
  const link = price.querySelector("a");
  if (link) {
    link.dataset.level = level.price;
    link.href = `${market.dataset.here}?side=${side === "buy" ? "sell" : "buy"}&price=${level.price}#ticket`;
  }
  const texts = [grouped(level.price), grouped(quantity(level.size)), grouped(quantity(unscaled(level.total, PLACES)))];
  [price, size, total].forEach((node, at) => {
    const text = node.querySelector("bdi");
    if (text.textContent !== texts[at]) text.textContent = texts[at];
  });
  bar.firstElementChild.setAttribute("width", `${deepest ? (level.total * 100n) / deepest : 0n}%`);
}

function markOwn() {
  const own = new Set([...document.querySelectorAll("[data-own-level]")].map((each) => each.dataset.ownLevel));
  for (const row of market.querySelectorAll("[data-ladder] [data-price]")) {
    row.classList.toggle("ladder-own", own.has(`${row.parentElement.dataset.side}:${row.dataset.price}`));
  }
}

function takeBook({ bids, asks }) {
  if (!bids) return; // the server refuses; what it rendered stays
  const shown = (best = { buy: cumulated(bids), sell: cumulated(asks) });
  const deepest = [shown.buy, shown.sell].reduce((most, side) => {
    const total = side.at(-1)?.total ?? 0n;
    return total > most ? total : most;
  }, 0n);
  for (const [side, found] of Object.entries(shown)) {
    const box = market.querySelector(`[data-ladder] [data-side="${side}"]`);
    const rows = box.getElementsByClassName("ladder-row");
    while (rows.length > found.length) rows[rows.length - 1].remove();
    while (rows.length < found.length) box.append(newRow());
    found.forEach((level, at) => fillRow(rows[at], side, level, deepest));
  }
  const [bid, ask] = [shown.buy[0], shown.sell[0]];
  markOwn();
  const spread = bid && ask ? grouped(unscaled(ask.units - bid.units, decimals)) : "—";
  market.querySelector("[data-spread]").textContent = spread;
}

// The tape and the chart: a snapshot is what they already show, unless the connection was lost in between.
const TAPE = 60;
const clock = new Intl.DateTimeFormat(document.documentElement.lang || "en", {
  hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", numberingSystem: "latn",
  timeZone: market?.dataset.zone || undefined,
});

function print(trade) {
  const row = market.querySelector(`template[data-print="${trade.side}"]`).content.firstElementChild.cloneNode(true);
  const [price, size] = row.querySelectorAll("bdi");
  const time = row.querySelector("time");
  price.textContent = grouped(trade.price);
  size.textContent = grouped(quantity(trade.quantity));
  time.dateTime = trade.executed_at;
  time.textContent = clock.format(new Date(trade.executed_at));
  return row;
}

function takeTrades(message) {
  if (!message.trades) return;
  const tape = market.querySelector("[data-tape]");
  const rows = tape ? message.trades.map(print).reverse() : [];
  if (message.type === "snapshot" && rows.length) tape.replaceChildren(...rows);
  else tape?.prepend(...rows); // none on a page with a part of the market only
  if (rows.length) tape.querySelector("[data-tape-empty]")?.remove();
  while (tape?.children.length > TAPE) tape.lastElementChild.remove();
  const last = message.trades.at(-1);
  if (!last) return;
  const box = market.querySelector("[data-last]");
  box.replaceChildren(bdi(grouped(last.price)));
  for (const trade of message.trades) drawTrade(trade);
  if (message.type !== "snapshot") renewHead();
}

// The chart is drawing, not arithmetic of money, so floating point is fine here.
let chart = null;
let candles = null;
let volumes = null;
const bars = new Map();

function colour(name, alpha = 1) {
  const probe = document.createElement("span");
  probe.style.color = `var(--color-${name})`;
  document.body.append(probe);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.fillStyle = getComputedStyle(probe).color;
  pen.fillRect(0, 0, 1, 1);
  probe.remove();
  const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
  return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
}

function paintChart() {
  if (!chart) return;
  const [up, down] = [colour("success"), colour("error")];
  const line = colour("line", 0.7);
  chart.applyOptions({
    layout: { background: { color: "transparent" }, textColor: colour("muted") },
    grid: { vertLines: { color: line }, horzLines: { color: line } },
    timeScale: { borderColor: line },
    rightPriceScale: { borderColor: line },
  });
  candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down, borderVisible: false });
  drawBars();
}

function drawBars() {
  const found = [...bars.values()].sort((a, b) => a.time - b.time);
  const [up, down] = [colour("success", 0.35), colour("error", 0.35)];
  candles.setData(found);
  volumes.setData(found.map((bar) => ({
    time: bar.time, value: bar.volume, color: bar.close >= bar.open ? up : down,
  })));
}

function drawTrade(trade) {
  const time = Math.floor(Date.parse(trade.executed_at) / 60000) * 60;
  const [price, size] = [Number(trade.price), Number(trade.quantity)];
  const newest = Math.max(0, ...bars.keys());
  if (time < newest || seen.has(trade.id) || Date.parse(trade.executed_at) <= drawnUntil) return;
  seen.add(trade.id);
  const bar = bars.get(time) ?? { time, open: price, high: price, low: price, close: price, volume: 0 };
  Object.assign(bar, {
    high: Math.max(bar.high, price), low: Math.min(bar.low, price), close: price, volume: bar.volume + size,
  });
  bars.set(time, bar);
  if (!chart && bars.size === 1) beginChart();
  else if (chart) drawBars();
}

const seen = new Set();
let drawnUntil = 0;

function beginChart() {
  const box = market.querySelector("[data-chart]");
  const library = globalThis.LightweightCharts;
  if (!box || !library) return;
  box.classList.remove("hidden");
  market.querySelector("[data-chart-empty]")?.remove();
  const shift = new Intl.DateTimeFormat("en", {
    hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: market.dataset.zone || undefined,
  });
  chart = library.createChart(box, {
    autoSize: true,
    layout: { attributionLogo: false, fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 11 },
    localization: { locale: "en-GB", timeFormatter: (time) => shift.format(new Date(time * 1000)) },
    timeScale: {
      timeVisible: true, secondsVisible: false, barSpacing: 9, rightOffset: 3,
      tickMarkFormatter: (time) => shift.format(new Date(time * 1000)),
    },
    handleScroll: { vertTouchDrag: false, mouseWheel: false },
    handleScale: { mouseWheel: false },
  });
  const precision = { type: "price", precision: decimals, minMove: 10 ** -decimals };
  candles = chart.addSeries(library.CandlestickSeries, { priceFormat: precision });
  candles.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.26 } });
  volumes = chart.addSeries(library.HistogramSeries, {
    priceFormat: { type: "volume" }, priceScaleId: "", lastValueVisible: false, priceLineVisible: false,
  });
  volumes.priceScale().applyOptions({ scaleMargins: { top: 0.8, bottom: 0 } });
  paintChart();
}

function readCandles() {
  const found = JSON.parse(document.getElementById("market-candles")?.textContent ?? "[]");
  for (const [time, open, high, low, close, volume] of found) {
    bars.set(time, {
      time, open: Number(open), high: Number(high), low: Number(low), close: Number(close), volume: Number(volume),
    });
  }
  for (const table of market.querySelectorAll(".chart-table")) table.open = false; // open where no script draws
  drawnUntil = Number(market.dataset.drawnUntil) || 0;
  if (found.length) beginChart();
}

// The ticket.
function setTicket(side, price) {
  const ticket = document.querySelector("[data-ticket]");
  if (!ticket) return;
  const chosen = side && ticket.querySelector(`[name="side"][value="${side}"]`);
  if (chosen) chosen.checked = true;
  if (price) {
    ticket.querySelector('[name="order_type"][value="limit"]').checked = true;
    priceField().value = price;
  }
  ticket.dispatchEvent(new Event("input", { bubbles: true }));
  const panel = ticket.closest("[popover]");
  if (panel && getComputedStyle(panel).display === "none") panel.showPopover();
  enter(price ? "quantity" : "price");
}

function enter(name = "price") {
  const [wanted, other] = [name, "quantity"].map((each) => document.querySelector(`[data-ticket] [name="${each}"]`));
  (wanted.checkVisibility() ? wanted : other).focus();
}

function step(field, ticks) {
  if (!/^\d{0,19}(\.\d*)?$/.test(field.value)) return;
  const tick = BigInt(market.dataset.tick);
  const other = document.querySelector('[name="side"]:checked')?.value === "sell" ? "buy" : "sell";
  const from = field.value ? scaled(field.value, decimals) : best[other][0]?.units ?? 0n;
  let next = field.value ? (from / tick) * tick + tick * BigInt(ticks) : from;
  if (ticks < 0 && field.value && from % tick) next += tick;
  if (next < tick) next = tick;
  field.value = unscaled(next, decimals);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function inTicket(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const field = event.target.closest?.('[data-ticket] input[inputmode]');
  if (!field) return;
  const side = { b: "buy", s: "sell" }[event.key.toLowerCase()];
  if (side) {
    event.preventDefault();
    document.querySelector(`[data-ticket] [name="side"][value="${side}"]`).click();
  } else if (field.name === "price" && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    step(field, (event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 10 : 1));
  } else if (event.key === "Escape" && !field.closest(":popover-open")) {
    field.form.querySelectorAll("input[inputmode]").forEach((each) => (each.value = ""));
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.blur();
  }
}

function pressed(event) {
  const level = event.target.closest?.("a[data-level]");
  if (level && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    return setTicket(level.closest("[data-side]").dataset.side === "buy" ? "sell" : "buy", level.dataset.level);
  }
  const bar = event.target.closest?.(".market-bar [data-side]");
  if (bar) return setTicket(bar.dataset.side);
  const stepper = event.target.closest?.("[data-step]");
  if (stepper) return step(priceField(), Number(stepper.dataset.step));
  const key = event.target.closest?.("[data-ticket] [data-key]");
  if (key && event.detail === 0 && !event.target.matches("input")) requestAnimationFrame(() => enter());
  const tab = event.target.closest?.("[data-show]");
  if (tab) {
    event.preventDefault();
    market.dataset.shown = tab.dataset.show;
    for (const each of market.querySelectorAll("[data-show]")) each.toggleAttribute("aria-current", each === tab);
    tab.setAttribute("aria-current", "page");
  }
  if (event.target.closest?.('[data-opens="amend"]')) {
    document.getElementById("amend-body").replaceChildren(); // another order's form may stand there
    document.getElementById("amend").showModal();
  }
}

// A ticket shows the state it was rendered in.
function takeState({ state }) {
  renewHead();
  if (!state) return; // the server refuses; what it rendered stays
  for (const notice of document.querySelectorAll("[data-halted]")) notice.hidden = state !== "halted";
  for (const button of document.querySelectorAll("[data-ticket] .place")) button.disabled = state === "halted";
}

const renewHead = soon("market:head", 1000);
const renewOrders = soon("market:orders", 150);

if (market) {
  const id = market.dataset.market;
  document.addEventListener("click", pressed);
  document.addEventListener("keydown", inTicket);
  document.addEventListener("market:orders", (event) => event.target.closest?.("dialog")?.close());
  document.addEventListener("DOMContentLoaded", readCandles);
  document.addEventListener("htmx:after:swap", markOwn);
  new MutationObserver(paintChart).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paintChart);
  const feed = globalThis.alef?.feed;
  feed?.subscribe("book", id, takeBook);
  feed?.subscribe("trades", id, takeTrades);
  feed?.subscribe("market", id, takeState);
  if ("mine" in market.dataset) feed?.subscribe("orders", null, () => renewOrders());
}
}
