import { useCallback } from "react";
import { api, useAsk, type Schemas } from "../api";
import { cars, day } from "../numbers";
import { axis, Chart, scale, type Option } from "./Chart";
import { Reading } from "./Reading";
import { Said, saidPlainly } from "./Said";
import { Sentences } from "./Sentences";

/** What the counts alone have shown, valid however often one looks. */
export function Monitors() {
  const answer = useAsk(() => api.GET("/api/v1/monitors"), []);
  if (answer.state === "refused" && !answer.data)
    return (
      <p className="soft">
        <Said>{answer.error.message}</Said>.
      </p>
    );
  if (!answer.data) return <Reading />;
  const { monitors, verdicts } = answer.data;
  if (monitors.length === 0) return <p>No market has counts yet.</p>;
  return (
    <>
      {verdicts.length > 0 && <Sentences lines={verdicts} due />}
      <div className="monitors">
        {monitors.map((item) => (
          <One key={item.market} item={item} />
        ))}
      </div>
    </>
  );
}

function One({ item }: { item: Schemas["MonitorOut"] }) {
  const option = useCallback(
    (color: (name: string) => string): Option => {
      const days = item.sightings.map((sight) => sight.day);
      const low = item.sightings.map((sight) => (fits(sight) ? Math.max(sight.low ?? 1, 1) : null));
      const high = item.sightings.map((sight) => (fits(sight) ? sight.high : null));
      const seen = [...low, ...high, item.break_even].filter((level) => level != null && level > 0) as number[];
      const line = (name: string, data: (number | null)[]) => ({
        type: "line" as const,
        name,
        data,
        symbolSize: 5,
        lineStyle: { color: color("--accent"), width: 2 },
        itemStyle: { color: color("--accent") },
      });
      return {
        grid: { left: 8, right: 16, top: 44, bottom: 8, containLabel: true },
        legend: { top: 0, right: 0, data: ["at least", "at most"], textStyle: { color: color("--ink") } },
        tooltip: { trigger: "axis", formatter: (items: unknown) => tip(item, items) },
        xAxis: {
          type: "category",
          data: days,
          ...axis(color),
          axisLabel: { color: color("--soft"), hideOverlap: true, formatter: (text: string) => day(text) },
        },
        yAxis: {
          type: "log",
          name: "cars a year",
          min: 10 ** Math.floor(Math.log10(Math.min(...seen))),
          max: 10 ** Math.ceil(Math.log10(Math.max(...seen))),
          ...scale(color, cars),
          nameTextStyle: { color: color("--soft"), align: "left" },
        },
        series: [
          {
            ...line("at least", low),
            markLine: item.break_even
              ? {
                  symbol: "none",
                  silent: true,
                  data: [{ yAxis: item.break_even }],
                  lineStyle: { color: color("--bad"), width: 2 },
                  label: { formatter: "break-even", position: "insideEndTop", color: color("--bad") },
                }
              : undefined,
          },
          { ...line("at most", high), lineStyle: { color: color("--accent"), width: 2, type: "dashed" } },
        ],
      };
    },
    [item],
  );
  return (
    <section>
      <h3>{item.name}</h3>
      <p>
        <Said>{item.sentence}</Said>
      </p>
      <Chart
        option={option}
        height="13rem"
        says={`${saidPlainly(item.sentence)} ${item.sightings.length > 1 ? `The band narrows with each of ${item.sightings.length} looks.` : "So far there was one look."}`}
      />
    </section>
  );
}

function tip(item: Schemas["MonitorOut"], items: unknown): string {
  const sight = item.sightings[(items as { dataIndex: number }[])[0]?.dataIndex ?? 0];
  return sight ? `${day(sight.day)}: ${cars(sight.cars)} cars counted<br>${within(sight)}` : "";
}

/** Early counts may set no upper end, or no lower one. */
function within(sight: Schemas["SightingOut"]): string {
  if (!fits(sight)) return "no single level fits them";
  const floor = Math.round(sight.low ?? 0) > 0;
  if (sight.high == null) return floor ? `at least ${cars(sight.low)} cars a year` : "every level still fits them";
  return floor ? `${cars(sight.low)} to ${cars(sight.high)} cars a year` : `at most ${cars(sight.high)} cars a year`;
}

/** Once demand has moved no level is left that fits all counts. */
const fits = (sight: Schemas["SightingOut"]) => (sight.low ?? 0) <= (sight.high ?? Infinity);
