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
