import { useEffect, useRef } from "react";
import { BarChart, LineChart, ScatterChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { LabelLayout } from "echarts/features";
import { SVGRenderer } from "echarts/renderers";
import { number } from "../numbers";

echarts.use([
  BarChart,
  LineChart,
  ScatterChart,
  AriaComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
  LabelLayout,
  SVGRenderer,
]);

export type Option = Parameters<ReturnType<typeof echarts.init>["setOption"]>[0];

const color = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** One chart as vectors; follows its box, the reader's colours and the printer. `says` is the chart in a sentence. */
export function Chart({ option, says, height }: { option: (color: (name: string) => string) => Option; says: string; height?: string }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!box.current) return;
    const chart = echarts.init(box.current, undefined, { renderer: "svg" });
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    const draw = (moves = !still) =>
      chart.setOption(
        {
          animation: moves,
          animationDuration: 250,
          textStyle: { color: color("--ink"), fontFamily: color("--font") },
          ...option(color),
        },
        { notMerge: true },
      );
    draw();
    const sizes = new ResizeObserver(() => chart.resize());
    sizes.observe(box.current);
    const printing = () => {
      document.documentElement.dataset.printing = "";
      draw(false);
      chart.resize({ width: 640 });
    };
    const printed = () => {
      delete document.documentElement.dataset.printing;
      draw(false);
      chart.resize({ width: "auto" });
    };
    window.addEventListener("beforeprint", printing);
    window.addEventListener("afterprint", printed);
    const recolour = () => draw();
    dark.addEventListener("change", recolour);
    return () => {
      sizes.disconnect();
      dark.removeEventListener("change", recolour);
      window.removeEventListener("beforeprint", printing);
      window.removeEventListener("afterprint", printed);
      chart.dispose();
    };
  }, [option]);
  return <div ref={box} className="chart" style={height ? { height } : undefined} role="img" aria-label={says} />;
}

/** An axis of quantities, its figures as the reader writes them. */
export const scale = (color: (name: string) => string, written: (value: number) => string = number) => ({
  ...axis(color),
  axisLabel: { color: color("--soft"), hideOverlap: true, formatter: (value: number) => written(value) },
});

export const axis = (color: (name: string) => string) => ({
  axisLine: { lineStyle: { color: color("--line") } },
  axisLabel: { color: color("--soft"), hideOverlap: true },
  splitLine: { lineStyle: { color: color("--line"), opacity: 0.5 } },
  nameTextStyle: { color: color("--soft") },
});
