import { useCallback } from "react";
import type { Schemas } from "../api";
import { number, percent } from "../numbers";
import { axis, Chart, scale, type Option } from "./Chart";

type FanOf = Schemas["LevelFanOut"];

/** Levels of each target quarter by quarter: bands of 50 and 90 %, the median, what is aimed at, and the odds of having it. */
export function Fans({ fans }: { fans: FanOf[] }) {
  return (
    <>
      <p className="soft">
        Line: median; bands: 50 and 90 % of the futures; dashed: what is aimed at, and by when; dotted, on the right scale: odds of having
        reached it by then.
      </p>
      <div className="monitors">
        {fans.map((fan) => (
          <figure key={fan.name}>
            <figcaption>
              {fan.name}: {fan.unit === "share" ? percent(fan.amount) : number(fan.amount)} by {fan.by}
            </figcaption>
            <OneFan fan={fan} />
          </figure>
        ))}
      </div>
    </>
  );
}

function OneFan({ fan }: { fan: FanOf }) {
  const option = useCallback(
    (color: (name: string) => string): Option => {
      const [low, under, half, over, high] = fan.quantiles;
      const gap = (top?: (number | null)[], bottom?: (number | null)[]) =>
        (top ?? []).map((value, at) => (value == null || bottom?.[at] == null ? null : value - bottom[at]!));
      const band = (name: string, bottom: (number | null)[] | undefined, top: (number | null)[] | undefined, opacity: number) => [
        {
          name: `${name} from`,
          type: "line" as const,
          data: bottom ?? [],
          stack: name,
          symbol: "none",
          lineStyle: { opacity: 0 },
          silent: true,
        },
        {
          name,
          type: "line" as const,
          data: gap(top, bottom),
          stack: name,
          symbol: "none",
          lineStyle: { opacity: 0 },
          areaStyle: { color: color("--accent"), opacity },
          silent: true,
        },
      ];
      return {
        grid: { left: 8, right: 44, top: 12, bottom: 8, containLabel: true },
        xAxis: { type: "category", data: fan.quarters, ...axis(color) },
        yAxis: [
          { type: "value", ...scale(color, fan.unit === "share" ? percent : number) },
          { type: "value", min: 0, max: 1, ...scale(color, percent), splitLine: { show: false } },
        ],
        series: [
          ...band("90 %", low, high, 0.15),
          ...band("50 %", under, over, 0.25),
          {
            name: "median",
            type: "line",
            data: half ?? [],
            symbol: "none",
            lineStyle: { color: color("--accent") },
            markLine: {
              silent: true,
              symbol: "none",
              lineStyle: { color: color("--ink"), type: "dashed" },
              label: { show: false },
              data: [{ yAxis: fan.amount }, ...(fan.quarters.includes(fan.by) ? [{ xAxis: fan.by }] : [])],
            },
          },
          {
            name: "odds by then",
            type: "line",
            yAxisIndex: 1,
            data: fan.odds,
            symbol: "none",
            lineStyle: { color: color("--good"), type: "dotted" },
          },
        ],
      };
    },
    [fan],
  );
  const last = fan.odds.at(-1);
  return (
    <Chart
      height="13rem"
      option={option}
      says={`${fan.name}: median and bands of 50 and 90 %; odds ${last == null ? "not known" : percent(last)} by ${fan.quarters.at(-1)}; dotted: odds of having reached it, right scale`}
    />
  );
}
