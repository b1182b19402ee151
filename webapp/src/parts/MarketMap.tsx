import map from "../generated/map.json";
import { stages, type StageName } from "../stages";
import { saidPlainly } from "./Said";
import { choose, go, useRoute } from "../route";

export interface MapMarket {
  code: string;
  iso3: string;
  name: string;
  stage: StageName;
  says: string;
}

const views: Record<string, { name: string; box: [number, number, number, number] }> = {
  world: { name: "World", box: [0, 0, map.width, map.height] },
  europe: { name: "Europe", box: [437, 14, 150, 96] },
  asia: { name: "Asia and Oceania", box: [640, 60, 360, 330] },
  americas: { name: "Americas", box: [130, 20, 300, 400] },
};

/** The world by stage. Each market is a link: reached by Tab, opened by Enter, named for screen readers; small ones get a dot. */
export function MarketMap({ markets }: { markets: MapMarket[] }) {
  const byShape = new Map(markets.map((market) => [market.iso3, market]));
  const shapes = map.countries;
  const chosen = useRoute().query.get("map") ?? "world";
  const [left, top, width, height] = (views[chosen] ?? views.world!).box;
  const scale = Math.max(width / map.width, height / map.height);
  return (
    <>
      <div className="views no-print" role="group" aria-label="Part of the map">
        {Object.entries(views).map(([key, { name }]) => (
          <button
            key={key}
            className={key === chosen ? "" : "quiet"}
            aria-pressed={key === chosen}
            onClick={() => choose("map", key === "world" ? null : key)}
          >
            {name}
          </button>
        ))}
      </div>
      <svg
        className="map"
        viewBox={`${left} ${top} ${width} ${height}`}
        role="group"
        aria-label="Map of markets by stage"
        style={{ maxHeight: "34rem" }}
      >
        <g aria-hidden="true">
          {shapes
            .filter((shape) => !byShape.has(shape.a3))
            .map((shape) => (
              <path key={shape.a3} d={shape.d} />
            ))}
        </g>
        {shapes.map((shape) => {
          const market = byShape.get(shape.a3);
          if (!market) return null;
          const href = `/markets/${market.code}`;
          const [x = 0, y = 0] = shape.at;
          const [wide = 0, high = 0] = shape.size;
          const small = wide * high < 60;
          return (
            <a
              key={shape.a3}
              href={href}
              aria-label={`${market.name}: ${stages[market.stage].name}. ${saidPlainly(market.says)}`}
              onClick={(event) => {
                if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
                event.preventDefault();
                go(href);
              }}
            >
              <title>{`${market.name}: ${stages[market.stage].name}. ${saidPlainly(market.says)}`}</title>
              <path className={market.stage} d={shape.d} />
              {small && (
                <path
                  className={market.stage}
                  d={`M${x - 3 * scale} ${y}a${3 * scale} ${3 * scale} 0 1 0 ${6 * scale} 0a${3 * scale} ${3 * scale} 0 1 0-${6 * scale} 0`}
                />
              )}
            </a>
          );
        })}
        <g aria-hidden="true">
          {shapes.map((shape) => {
            const stage = byShape.get(shape.a3)?.stage;
            if (!stage || stage === "out") return null;
            const [x = 0, y = 0] = shape.at;
            return (
              <text key={shape.a3} x={x} y={y + 4 * scale} style={{ fontSize: 11 * scale, strokeWidth: 2.5 * scale }}>
                {stages[stage].sign}
              </text>
            );
          })}
        </g>
      </svg>
      <ul className="legend" aria-label="Stages">
        {Object.entries(stages).map(([key, stage]) => (
          <li key={key} className={`stage stage-${key}`}>
            <i aria-hidden="true">{stage.sign}</i> {stage.name} ({markets.filter((market) => market.stage === key).length})
          </li>
        ))}
      </ul>
    </>
  );
}
