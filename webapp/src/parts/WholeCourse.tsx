import { useCallback } from "react";
import type { Schemas } from "../api";
import { tenth, weekdayClock } from "../numbers";
import { axis, Chart, scale, type Option } from "./Chart";

/** A whole home: price above, what comes and goes in the middle (taken up, given down), what is held below. */
export function WholeCourse({ plan }: { plan: Schemas["WholePlanOut"] }) {
  const option = useCallback(
    (color: (name: string) => string): Option => {
      const { hours, cars } = plan;
      const at = hours.map((item) => weekdayClock(item.at));
      const known = hours.filter((item) => item.published).length;
      const cents = hours.map((item) => 100 * item.eur_per_kwh);
      const panel = (top: string, height: string) => ({ left: 56, right: 16, top, height });
      const x = (gridIndex: number, last: boolean) => ({
        type: "category" as const,
        gridIndex,
        data: at,
        ...axis(color),
        axisLine: { onZero: gridIndex === 1, lineStyle: { color: color("--line") } },
        axisLabel: { show: last, color: color("--soft"), hideOverlap: true },
        axisTick: { show: last },
      });
      const y = (gridIndex: number, name: string) => ({
        type: "value" as const,
        gridIndex,
        name,
        scale: gridIndex === 0,
        min: gridIndex === 2 ? 0 : undefined,
        splitNumber: 2,
        nameGap: 8,
        ...scale(color),
        nameTextStyle: { color: color("--soft"), align: "left" as const },
      });
      const own = (index: number) => ({ xAxisIndex: index, yAxisIndex: index });
      const step = { type: "line" as const, step: "middle" as const, symbol: "none", itemStyle: { color: color("--exited") } };
      const tones = [color("--piloting"), color("--home")];
      const bar = (name: string, data: number[], tone: string) => ({
        type: "bar" as const,
        ...own(1),
        stack: "kWh",
        name,
        data,
        itemStyle: { color: tone },
        barCategoryGap: "10%",
      });
      const line = (name: string, data: number[], tone: string, type: "solid" | "dotted") => ({
        type: "line" as const,
        ...own(2),
        name,
        data,
        symbol: "none",
        lineStyle: { color: tone, width: 2.5, type },
        itemStyle: { color: tone },
      });
      const held = (index: number) => (cars.length > 1 ? `car ${index + 1} holds` : "car holds");
      const car = (index: number) => (cars.length > 1 ? `car ${index + 1}` : "car");
      const series = [
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
          lineStyle: { color: color("--exited"), width: 1.5, type: "dashed" as const },
        },
        ...(plan.household
          ? [
              bar(
                "household",
                hours.map((item) => item.load_kw ?? 0),
                color("--out"),
              ),
            ]
          : []),
        ...cars.map((_, index) =>
          bar(
            car(index),
            hours.map((item) => item.cars[index]!.draw_kwh - item.cars[index]!.give_kwh),
            tones[index % 2]!,
          ),
        ),
        ...(plan.battery_kwh > 0
          ? [
              bar(
                "battery",
                hours.map((item) => item.battery_in_kwh - item.battery_out_kwh),
                color("--scaled"),
              ),
            ]
          : []),
        ...(hours.some((item) => item.sun_kwh > 0)
          ? [
              bar(
                "sun",
                hours.map((item) => -item.sun_kwh),
                color("--warn"),
              ),
            ]
          : []),
        ...cars.map((_, index) =>
          line(
            held(index),
            hours.map((item) => item.cars[index]!.stored_kwh),
            tones[index % 2]!,
            "solid",
          ),
        ),
        ...(plan.battery_kwh > 0
          ? [
              line(
                "battery holds",
                hours.map((item) => item.battery_kwh),
                color("--scaled"),
                "dotted",
              ),
            ]
          : []),
      ];
      return {
        grid: [panel("14%", "16%"), panel("39%", "26%"), panel("74%", "17%")],
        legend: {
          top: 0,
          type: "scroll",
          pageTextStyle: { color: color("--ink") },
          pageIconColor: color("--accent"),
          textStyle: { color: color("--ink") },
        },
        tooltip: { trigger: "axis", formatter: (items: unknown) => tip(plan, items) },
        axisPointer: { link: [{ xAxisIndex: "all" }] },
        xAxis: [x(0, false), x(1, false), x(2, true)],
        yAxis: [y(0, "ct/kWh"), y(1, "kWh in the hour, given below 0"), y(2, "kWh held")],
        series,
      };
    },
    [plan],
  );
  const says = plan.cars
    .map(
      (car, index) =>
        `${car.home}: draws ${tenth(sum(plan, (hour) => hour.cars[index]!.draw_kwh))} kWh and gives back ${tenth(sum(plan, (hour) => hour.cars[index]!.give_kwh))} kWh in ${plan.hours.length} hours`,
    )
    .join("; ");
  const sun = sum(plan, (hour) => hour.sun_kwh);
  return (
    <Chart
      option={option}
      height="29rem"
      says={`${says}${plan.battery_kwh > 0 ? `; the battery takes ${tenth(sum(plan, (hour) => hour.battery_in_kwh))} and gives ${tenth(sum(plan, (hour) => hour.battery_out_kwh))} kWh` : ""}${sun > 0 ? `; the sun gives ${tenth(sun)} kWh` : ""}`}
    />
  );
}

function sum(plan: Schemas["WholePlanOut"], of: (hour: Schemas["WholeHourOut"]) => number): number {
  return plan.hours.reduce((total, hour) => total + of(hour), 0);
}

function tip(plan: Schemas["WholePlanOut"], items: unknown): string {
  const item = plan.hours[(items as { dataIndex: number }[])[0]?.dataIndex ?? 0];
  if (!item) return "";
  const lines = [`${weekdayClock(item.at)}: ${tenth(100 * item.eur_per_kwh)} ct/kWh${item.published ? "" : " (expected)"}`];
  if (item.load_kw != null) lines.push(`household: ${tenth(item.load_kw)} kWh in half of such hours`);
  item.cars.forEach((car, index) =>
    lines.push(
      `car${plan.cars.length > 1 ? ` ${index + 1}` : ""}: ${car.give_kwh > 0.05 ? `gives ${tenth(car.give_kwh)}` : `draws ${tenth(car.draw_kwh)}`} kWh, then holds ${tenth(car.stored_kwh)}`,
    ),
  );
  if (plan.battery_kwh > 0)
    lines.push(
      `battery: ${item.battery_out_kwh > item.battery_in_kwh ? `gives ${tenth(item.battery_out_kwh)}` : `takes ${tenth(item.battery_in_kwh)}`} kWh, then holds ${tenth(item.battery_kwh)}`,
    );
  if (item.sun_kwh > 0.05) lines.push(`sun: ${tenth(item.sun_kwh)} kWh`);
  lines.push(`grid: ${tenth(item.grid_kwh)} kWh`);
  return lines.join("<br>");
}
