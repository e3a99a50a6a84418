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
