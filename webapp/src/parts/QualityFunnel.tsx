import { useCallback } from "react";
import type { Schemas } from "../api";
import { cars, number } from "../numbers";
import { Chart, scale, type Option } from "./Chart";

type Data = Schemas["FunnelOut"];

/** Claim rates of markets by their car-months, in the limits of chance about the rate of all cars. */
export function QualityFunnel({ data }: { data: Data }) {
  const option = useCallback(
    (color: (name: string) => string): Option => {
      const line = (name: string, values: number[]) => ({
        name,
        type: "line" as const,
        symbol: "none",
        silent: true,
        lineStyle: { color: color("--soft"), type: "dashed" as const },
        data: values.map((value, at) => [data.car_months[at]!, value]),
      });
      return {
        grid: { left: 8, right: 24, top: 28, bottom: 28, containLabel: true },
        xAxis: {
          type: "log",
          name: "car-months",
          nameLocation: "middle",
          nameGap: 26,
          min: data.car_months[0],
          max: data.car_months.at(-1),
          ...scale(color, cars),
        },
        yAxis: {
          type: "value",
          name: "claims a 1,000 car-months",
          min: 0,
          max: Math.ceil(1.2 * Math.max(...data.rates, data.rate, data.limit ?? 0, ...data.high.slice(10))),
          ...scale(color),
          nameTextStyle: { color: color("--soft"), align: "left" },
        },
        series: [
          line("lower limit", data.low),
          line("upper limit", data.high),
          {
            name: "markets",
            type: "scatter",
            symbolSize: 10,
            itemStyle: { color: color("--accent") },
            data: data.markets.map((name, at) => ({ name, value: [data.at[at]!, data.rates[at]!] })),
            label: { show: true, position: "top", formatter: "{b}", color: color("--ink") },
            labelLayout: { hideOverlap: true },
            markLine: {
              silent: true,
              symbol: "none",
              label: { show: true, position: "insideStartTop", formatter: "{b}", color: color("--soft") },
              data: [
                { name: "all cars", yAxis: data.rate, lineStyle: { color: color("--ink") } },
                ...(data.limit == null ? [] : [{ name: "most allowed", yAxis: data.limit, lineStyle: { color: color("--bad") } }]),
              ],
            },
          },
        ],
      };
    },
    [data],
  );
  const outside = data.markets.filter((_, at) => data.rates[at]! > limitAt(data, data.at[at]!));
  return (
    <Chart
      option={option}
      says={`All cars: ${number(data.rate)} claims a 1,000 car-months; above the limits of chance: ${outside.join(", ") || "no market"}`}
    />
  );
}

function limitAt(data: Data, months: number): number {
  const at = data.car_months.findIndex((each) => each >= months);
  return data.high[at === -1 ? data.high.length - 1 : at]!;
}
