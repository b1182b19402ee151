import { geoEqualEarth } from "d3-geo";
import { useEffect, useRef, useState } from "react";
import type { Schemas } from "../api";
import map from "../generated/map.json";
import { howMany, integer } from "../numbers";

const views: Record<string, { name: string; box: [number, number, number] }> = {
  sites: { name: "All sites", box: [0, 0, 0] },
  europe: { name: "Europe", box: [512, 62, 6.4] },
  world: { name: "World", box: [map.width / 2, map.height / 2, 1] },
};
const MOST_ZOOM = 60;
const MOST_ENDS = 6;

/** Thousands of sites on one canvas: drag, wheel, arrows, plus and minus. The tables beside it say the same in words. */
export default function SiteMap({ points }: { points: Schemas["PointsOut"] }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [view, setView] = useState<[number, number, number]>(() => around(points));
  const now = useRef(view);
  const redraw = useRef<() => void>(() => undefined);
  const move = (dx: number, dy: number, by = 1) =>
    setView(([x, y, zoom]) => [x + dx / zoom, y + dy / zoom, Math.min(MOST_ZOOM, Math.max(1, zoom * by))]);

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const [draw, forget] = drawer(element, points, () => now.current);
    redraw.current = draw;
    draw();
    return forget;
  }, [points]);
  useEffect(() => {
    now.current = view;
    redraw.current();
  }, [view]);

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    let held: [number, number] | null = null;
    const unit = () => map.width / element.clientWidth;
    const down = (event: PointerEvent) => {
      held = [event.clientX, event.clientY];
      element.setPointerCapture(event.pointerId);
    };
    const drag = (event: PointerEvent) => {
      if (!held) return;
      move((held[0] - event.clientX) * unit(), (held[1] - event.clientY) * unit());
      held = [event.clientX, event.clientY];
    };
    const up = () => (held = null);
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey && document.activeElement !== element) return; // the page goes on scrolling
      event.preventDefault();
      move(0, 0, event.deltaY < 0 ? 1.2 : 1 / 1.2);
    };
    element.addEventListener("pointerdown", down);
    element.addEventListener("pointermove", drag);
    element.addEventListener("pointerup", up);
    element.addEventListener("wheel", wheel, { passive: false });
    return () => {
      element.removeEventListener("pointerdown", down);
      element.removeEventListener("pointermove", drag);
      element.removeEventListener("pointerup", up);
      element.removeEventListener("wheel", wheel);
    };
  }, []);

  const keys: Record<string, () => void> = {
    ArrowLeft: () => move(-60, 0),
    ArrowRight: () => move(60, 0),
    ArrowUp: () => move(0, -60),
    ArrowDown: () => move(0, 60),
    "+": () => move(0, 0, 1.4),
    "-": () => move(0, 0, 1 / 1.4),
    "0": () => setView(around(points)),
  };
  const closing = (points.closes ?? []).filter(Boolean);
  const stands = points.stands.filter(Boolean).length - closing.length;
  const fresh = points.lon.length - stands - closing.length;
  const ends =
    closing.length > MOST_ENDS ? `${closing.slice(0, MOST_ENDS).join(", ")} and ${closing.length - MOST_ENDS} more` : closing.join(", ");
  return (
    <>
      <div className="views no-print" role="group" aria-label="Part of the map">
        {Object.entries(views).map(([key, { name, box }]) => (
          <button key={key} className="quiet" onClick={() => setView(key === "sites" ? around(points) : box)}>
            {name}
          </button>
        ))}
        <button className="quiet" aria-label="closer" onClick={() => move(0, 0, 1.4)}>
          +
        </button>
        <button className="quiet" aria-label="farther" onClick={() => move(0, 0, 1 / 1.4)}>
          −
        </button>
      </div>
      <canvas
        ref={canvas}
        className="sites"
        tabIndex={0}
        role="img"
        aria-label={`Map of ${howMany(points.lon.length, "site")}: ${integer(fresh)} new (round), ${integer(stands)} standing (square)${closing.length ? `, ${integer(closing.length)} closing (cross)` : ""}. Arrows move it, plus and minus zoom, 0 shows all.`}
        onKeyDown={(event) => {
          const act = keys[event.key];
          if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
          event.preventDefault();
          act();
        }}
      />
      <ul className="legend" aria-label="Signs">
        <li>
          <b style={{ color: "var(--piloting)" }}>●</b> new ({integer(fresh)})
        </li>
        <li>
          <b style={{ color: "var(--scaled)" }}>■</b> stands already ({integer(stands)})
        </li>
        {closing.length > 0 && (
          <li>
            <b style={{ color: "var(--exited)" }}>✕</b> closes ({integer(closing.length)}): {ends}
          </li>
        )}
      </ul>
    </>
  );
}

/** The view that shows every site: middle and zoom. */
function around(points: Schemas["PointsOut"]): [number, number, number] {
  const [xs, ys] = projected(points);
  if (xs.length === 0) return [map.width / 2, map.height / 2, 1];
  const span = (values: Float32Array) => [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))] as const;
  const [[x0, x1], [y0, y1]] = [span(xs), span(ys)];
  const zoom = Math.min(map.width / (x1 - x0 + 12), map.height / (y1 - y0 + 12));
  return [(x0 + x1) / 2, (y0 + y1) / 2, Math.min(MOST_ZOOM, Math.max(1, zoom))];
}

function projected(points: Schemas["PointsOut"]): [Float32Array, Float32Array] {
  const projection = geoEqualEarth()
    .scale(map.scale)
    .translate(map.translate as [number, number]);
  const [xs, ys] = [new Float32Array(points.lon.length), new Float32Array(points.lon.length)];
  points.lon.forEach((lon, index) => {
    const at = projection([lon, points.lat[index]!]) ?? [-1e4, -1e4];
    xs[index] = at[0];
    ys[index] = at[1];
  });
  return [xs, ys];
}

/** Draws at most once a frame. Land is one path a country in map units; each kind of site is stamped from a picture made once. */
function drawer(element: HTMLCanvasElement, points: Schemas["PointsOut"], view: () => [number, number, number]): [() => void, () => void] {
  const pen = element.getContext("2d", { alpha: false })!;
  const [xs, ys] = projected(points);
  const lands = map.countries.map((country) => ({ path: new Path2D(country.d), box: country.box }));
  let wanted = 0;
  let stamps: [HTMLCanvasElement, HTMLCanvasElement, HTMLCanvasElement] | null = null;
  const kinds = points.stands.map((stands, k) => (points.closes?.[k] ? 2 : stands ? 1 : 0));
  let tones = { sea: "", land: "", line: "" };

  function prepare() {
    tones = { sea: tone("--sea"), land: tone("--land"), line: tone("--sheet") };
    const dense = window.devicePixelRatio || 1;
    const ink = tone("--ink");
    stamps = [
      stamp(tone("--piloting"), ink, dense, "round"),
      stamp(tone("--scaled"), ink, dense, "square"),
      stamp(tone("--exited"), ink, dense, "cross"),
    ];
    element.width = Math.round(element.clientWidth * dense);
    element.height = Math.round((element.clientWidth * dense * map.height) / map.width);
    draw();
  }

  function paint() {
    wanted = 0;
    if (!stamps) return;
    const [x, y, zoom] = view();
    const { width, height } = element;
    const scale = (width / map.width) * zoom;
    const [left, top] = [width / 2 - x * scale, height / 2 - y * scale];
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.fillStyle = tones.sea;
    pen.fillRect(0, 0, width, height);
    pen.setTransform(scale, 0, 0, scale, left, top);
    pen.fillStyle = tones.land;
    pen.strokeStyle = tones.line;
    pen.lineWidth = 0.6 / scale;
    for (const { path, box } of lands) {
      const [x0, y0, x1, y1] = box as [number, number, number, number];
      if (x1 * scale + left < 0 || x0 * scale + left > width || y1 * scale + top < 0 || y0 * scale + top > height) continue;
      pen.fill(path);
      pen.stroke(path);
    }
    pen.setTransform(1, 0, 0, 1, 0, 0);
    // what stands first: a new site is not hidden under it
    for (const which of [1, 2, 0] as const) {
      const picture = stamps[which];
      const half = picture.width / 2;
      for (let k = 0; k < xs.length; k++) {
        if (kinds[k] !== which) continue;
        const [px, py] = [xs[k]! * scale + left, ys[k]! * scale + top];
        if (px > -half && px < width + half && py > -half && py < height + half)
          pen.drawImage(picture, Math.round(px - half), Math.round(py - half));
      }
    }
    element.dataset.frames = String(Number(element.dataset.frames ?? 0) + 1);
  }

  function draw() {
    if (!wanted) wanted = requestAnimationFrame(paint);
  }

  const sizes = new ResizeObserver(prepare);
  sizes.observe(element);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", prepare);
  prepare();
  return [
    draw,
    () => {
      cancelAnimationFrame(wanted);
      sizes.disconnect();
      dark.removeEventListener("change", prepare);
    },
  ];
}

/** The colour that the style names so, light or dark as the reader has it. */
function tone(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function stamp(fill: string, line: string, dense: number, shape: "round" | "square" | "cross"): HTMLCanvasElement {
  const picture = document.createElement("canvas");
  const size = Math.round(8 * dense);
  picture.width = picture.height = size + 2;
  const pen = picture.getContext("2d")!;
  pen.fillStyle = fill;
  pen.strokeStyle = line;
  pen.lineWidth = Math.max(1, dense * 0.75);
  if (shape === "cross") {
    // on a pale line, so that it is seen on land and sea, and on a site beneath it
    for (const [color, width] of [
      [tone("--sheet"), 5],
      [fill, 2.5],
    ] as const) {
      pen.strokeStyle = color;
      pen.lineWidth = width * dense;
      pen.beginPath();
      pen.moveTo(2.5, 2.5);
      pen.lineTo(size - 0.5, size - 0.5);
      pen.moveTo(size - 0.5, 2.5);
      pen.lineTo(2.5, size - 0.5);
      pen.stroke();
    }
    return picture;
  }
  pen.beginPath();
  if (shape === "round") pen.arc(size / 2 + 1, size / 2 + 1, size / 2 - 0.5, 0, 2 * Math.PI);
  else pen.rect(1.5, 1.5, size - 1, size - 1);
  pen.fill();
  pen.stroke();
  return picture;
}
