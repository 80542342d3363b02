const ROW = 24, HEAD = 26, MINIMUM = 3, GAP = 10;

export default function ({ data, parentElement, setTriggerValue }) {
  const box = parentElement.querySelector(".box"), canvas = box.querySelector("canvas"), pad = box.querySelector(".pad");
  const tip = parentElement.querySelector(".tip"), pen = canvas.getContext("2d"), spans = data.spans;
  const services = [...new Set(spans.map((one) => one.service))];
  const whole = Math.max(1e-6, ...spans.map((one) => one.start + one.length));
  const height = Math.min(data.height, HEAD + spans.length * ROW + 6);
  const rest = HEAD + spans.length * ROW + 6 > height ? `${spans.length} lines: scroll for the rest` : "";
  let chosen = data.chosen ?? -1, over = -1;

  box.style.height = height + "px";
  pad.style.height = Math.max(0, HEAD + spans.length * ROW + 6 - height) + "px";

  const theme = (name) => getComputedStyle(box).getPropertyValue(name).trim();
  const clock = (ms) => (ms >= 60000 ? (ms / 60000).toFixed(1) + " min" : ms >= 1000 ? (ms / 1000).toFixed(2) + " s" : ms > 0 && ms < 0.1 ? "< 0.1 ms" : ms.toFixed(ms < 10 ? 1 : 0) + " ms");
  const clip = (text, width) => {
    if (pen.measureText(text).width <= width) return text;
    let low = 0, high = text.length;
    while (low < high) { const middle = (low + high + 1) >> 1; pen.measureText(text.slice(0, middle) + "…").width <= width ? (low = middle) : (high = middle - 1); }
    return text.slice(0, low) + "…";
  };

  function draw() {
    const width = box.clientWidth, ratio = devicePixelRatio || 1;
    canvas.width = width * ratio; canvas.height = height * ratio;
    canvas.style.width = width + "px"; canvas.style.height = height + "px";
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const text = theme("--st-text-color"), soft = theme("--st-secondary-background-color"), red = theme("--st-red-color") || "#d55e00";
    const colours = (theme("--st-chart-categorical-colors") || "#0072b2").split(",").map((one) => one.trim());
    const names = Math.min(340, Math.max(150, width * 0.34)), track = width - names - GAP - 84, font = theme("--st-font") || "sans-serif";
    pen.fillStyle = theme("--st-background-color"); pen.fillRect(0, 0, width, height);
    const first = Math.max(0, Math.floor(box.scrollTop / ROW)), last = Math.min(spans.length, first + Math.ceil(height / ROW) + 1);
    for (let at = first; at < last; at++) {
      const one = spans[at], y = HEAD + at * ROW - box.scrollTop;
      if (at === chosen || at === over) { pen.fillStyle = soft; pen.fillRect(0, y, width, ROW); }
      pen.font = (one.depth ? "12px " : "600 12px ") + font; pen.fillStyle = text;
      const indent = 10 + Math.min(one.depth, 10) * 13;
      const colour = colours[services.indexOf(one.service) % colours.length];
      pen.fillStyle = colour; pen.fillRect(indent - 7, y + 5, 3, ROW - 10);
      pen.fillStyle = text; pen.fillText(clip(one.name, names - indent - 6), indent, y + 16);
      const x = names + GAP + (one.start / whole) * track, w = Math.max(MINIMUM, (one.length / whole) * track);
      pen.fillStyle = colour; pen.beginPath();
      if (one.point) { pen.moveTo(x, y + 6); pen.lineTo(x + 6, y + 12); pen.lineTo(x, y + 18); pen.lineTo(x - 6, y + 12); pen.closePath(); }
      else pen.roundRect(x, y + 5, w, ROW - 10, 2);
      pen.fill();
      if (one.error) { pen.strokeStyle = red; pen.lineWidth = 2; pen.stroke(); pen.fillStyle = red; pen.font = "700 12px " + font; pen.fillText("!", x - (one.point ? 14 : 9), y + 16); }
      pen.font = "11px " + font; pen.fillStyle = text; pen.globalAlpha = 0.72;
      if (!one.point) pen.fillText(clock(one.length), x + w + 5, y + 16);
      pen.globalAlpha = 1;
    }
    pen.fillStyle = soft; pen.fillRect(0, 0, width, HEAD - 3);
    pen.fillStyle = text; pen.font = "11px " + font;
    for (let step = 0; step <= 4; step++) {
      const x = names + GAP + (track * step) / 4;
      pen.globalAlpha = 0.75; pen.fillText(clock((whole * step) / 4), x + 3, 15);
      pen.globalAlpha = 0.14; pen.fillRect(x, 0, 1, height); pen.globalAlpha = 1;
    }
  }

  const row = (event) => { const at = Math.floor((event.offsetY - HEAD + box.scrollTop) / ROW); return event.offsetY > HEAD && spans[at] ? at : -1; };
  const choose = (at) => { if (!spans[at]) return; chosen = at; draw(); setTriggerValue("chosen", spans[at].id); };
  box.onscroll = draw;
  canvas.onmousemove = (event) => {
    const at = row(event);
    if (at !== over) { over = at; draw(); }
    tip.textContent = at < 0 ? rest : `${spans[at].service} · ${spans[at].said || spans[at].name} · starts at ${clock(spans[at].start)}${spans[at].point ? "" : ", takes " + clock(spans[at].length)}${spans[at].error ? " · " + spans[at].error : ""}`;
  };
  canvas.onmouseleave = () => { over = -1; tip.textContent = rest; draw(); };
  canvas.onclick = (event) => choose(row(event));
  box.onkeydown = (event) => {
    const next = { ArrowDown: chosen + 1, ArrowUp: chosen - 1, Home: 0, End: spans.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const at = Math.min(Math.max(next, 0), spans.length - 1), y = at * ROW;
    if (y < box.scrollTop) box.scrollTop = y;
    if (y > box.scrollTop + height - HEAD - ROW * 2) box.scrollTop = y - height + HEAD + ROW * 2;
    choose(at);
  };
  const legend = parentElement.querySelector(".legend");
  const colours = (theme("--st-chart-categorical-colors") || "#0072b2").split(",");
  legend.replaceChildren(...services.map((service, at) => {
    const entry = document.createElement("span"), mark = document.createElement("i");
    mark.style.background = colours[at % colours.length].trim();
    entry.append(mark, document.createTextNode(service));
    return entry;
  }));
  tip.textContent = rest;
  draw();
  const watch = new ResizeObserver(draw);
  watch.observe(box);
  return () => watch.disconnect();
}
