import { useCallback } from "react";
import type { Schemas } from "../api";
import { percent, tenth, weekdayClock } from "../numbers";
import { axis, Chart, scale, type Option } from "./Chart";

/** Price above, what car and household draw in the middle, what the battery holds below; one axis of hours. */
export function ChargeCourse({ plan }: { plan: Schemas["ChargePlanOut"] }) {
  const option = useCallback(
    (color: (name: string) => string): Option => {
      const { hours } = plan;
      const at = hours.map((item) => weekdayClock(item.at));
      const known = hours.filter((item) => item.published).length;
      const cents = hours.map((item) => 100 * item.eur_per_kwh);
      const known_load = hours.some((item) => item.load_kw != null);
      const home = plan.household === "made up" ? "household, made up" : "household";
      const most = Math.max(plan.charger_kw, plan.cap_kw ?? 0, ...hours.map((item) => item.draw_kwh + (item.load_kw ?? 0)));
      const step = { type: "line" as const, step: "middle" as const, symbol: "none", itemStyle: { color: color("--exited") } };
      const panel = (top: string, height: string) => ({ left: 56, right: 16, top, height });
      const x = (gridIndex: number, last: boolean) => ({
        type: "category" as const,
        gridIndex,
        data: at,
        ...axis(color),
        axisLabel: { show: last, color: color("--soft"), hideOverlap: true },
        axisTick: { show: last },
      });
      const y = (gridIndex: number, name: string, most?: number) => ({
        type: "value" as const,
        gridIndex,
        name,
        scale: gridIndex === 0,
        min: gridIndex === 0 ? undefined : 0,
        max: most,
        interval: most === undefined ? undefined : most / 2,
        splitNumber: 2,
        nameGap: 8,
        ...scale(color),
        nameTextStyle: { color: color("--soft"), align: "left" as const },
      });
      const own = (index: number) => ({ xAxisIndex: index, yAxisIndex: index });
      return {
        grid: [panel("14%", "17%"), panel("40%", "22%"), panel("71%", "20%")],
        legend: {
          top: 0,
          type: "scroll",
          pageTextStyle: { color: color("--ink") },
          pageIconColor: color("--accent"),
          data: ["price, published", "price, expected", "car", ...(known_load ? [home] : []), "held if it stays", "90 % of departures"],
          textStyle: { color: color("--ink") },
        },
        tooltip: { trigger: "axis", formatter: (items: unknown) => tip(plan, items) },
        axisPointer: { link: [{ xAxisIndex: "all" }] },
        xAxis: [x(0, false), x(1, false), x(2, true)],
        yAxis: [y(0, "ct/kWh"), y(1, "kW", 2 * Math.ceil(most / 2)), y(2, "kWh held", 20 * Math.ceil(plan.battery_kwh / 20))],
        series: [
          {
            ...step,
            ...own(0),
            name: "price, published",
            data: cents.map((value, index) => (index < known ? value : null)),
            lineStyle: { color: color("--exited"), width: 2.5 },
          },
          {
            ...step,
            ...own(0),
            name: "price, expected",
            data: cents.map((value, index) => (index >= known - 1 ? value : null)),
            lineStyle: { color: color("--exited"), width: 1.5, type: "dashed" },
          },
          ...(known_load
            ? [
                {
                  type: "bar" as const,
                  ...own(1),
                  stack: "kW",
                  name: home,
                  data: hours.map((item) => item.load_kw),
                  itemStyle: { color: color("--out") },
                  barCategoryGap: "10%",
                },
              ]
            : []),
          {
            type: "bar",
            ...own(1),
            stack: "kW",
            name: "car",
            data: hours.map((item) => item.draw_kwh),
            itemStyle: { color: color("--piloting") },
            barCategoryGap: "10%",
            markLine:
              plan.cap_kw == null
                ? undefined
                : {
                    symbol: "none",
                    silent: true,
                    data: [{ yAxis: plan.cap_kw }],
                    lineStyle: { color: color("--bad"), width: 2 },
                    label: { formatter: "kept under", position: "insideEndTop", color: color("--bad") },
                  },
          },
          {
            type: "line",
            ...own(2),
            stack: "band",
            data: hours.map((item) => item.low_kwh),
            lineStyle: { opacity: 0 },
            symbol: "none",
            silent: true,
          },
          {
            type: "line",
            ...own(2),
            name: "90 % of departures",
            stack: "band",
            data: hours.map((item) => item.high_kwh - item.low_kwh),
            lineStyle: { opacity: 0 },
            symbol: "none",
            areaStyle: { color: color("--accent"), opacity: 0.25 },
            itemStyle: { color: color("--accent"), opacity: 0.4 },
          },
          {
            type: "line",
            ...own(2),
            name: "held if it stays",
            data: hours.map((item) => item.stored_kwh),
            symbol: "none",
            lineStyle: { color: color("--accent"), width: 2.5 },
            itemStyle: { color: color("--accent") },
          },
        ],
      };
    },
    [plan],
  );
  const last = plan.hours.at(-1)!;
  const drawn = plan.hours.reduce((sum, item) => sum + item.draw_kwh, 0);
  const says = `${plan.home}: draws ${tenth(drawn)} kWh in ${plan.hours.filter((item) => item.draw_kwh > 0.01).length} of ${plan.hours.length} hours; from ${tenth(plan.start_kwh)} kWh to ${tenth(last.stored_kwh)} kWh if it stays, between ${tenth(last.low_kwh)} and ${tenth(last.high_kwh)} kWh for nine departures in ten${plan.household ? `; the household (${plan.household}) draws ${tenth(Math.min(...plan.hours.map((item) => item.load_kw ?? 0)))} to ${tenth(Math.max(...plan.hours.map((item) => item.load_kw ?? 0)))} kW besides` : ""}`;
  return <Chart option={option} height="27rem" says={says} />;
}

function tip(plan: Schemas["ChargePlanOut"], items: unknown): string {
  const item = plan.hours[(items as { dataIndex: number }[])[0]?.dataIndex ?? 0];
  if (!item) return "";
  return `${weekdayClock(item.at)}: ${tenth(100 * item.eur_per_kwh)} ct/kWh${item.published ? "" : " (expected)"}<br>${item.load_kw == null ? "" : `household: ${tenth(item.load_kw)} kW<br>`}car: draws ${tenth(item.draw_kwh)} kWh, then holds ${tenth(item.stored_kwh)} kWh<br>or ${tenth(item.low_kwh)} to ${tenth(item.high_kwh)} kWh for nine departures in ten<br>still there: ${percent(item.there)}`;
}
