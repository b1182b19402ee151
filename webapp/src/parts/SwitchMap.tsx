import type { Schemas } from "../api";
import { cars, money, percent } from "../numbers";

const tones = ["--land", "--scaled", "--piloting", "--exited", "--home", "--out"];
const signs = "ABCDEFGHJKLMNPQRSTUVWXYZ";

/** Volume down, duty across: who wins in each cell. A table, so that it can be read aloud; each way has a letter besides its colour. */
export function SwitchMap({ map, currency }: { map: Schemas["SwitchMapOut"]; currency: string }) {
  const seen = [...new Set(map.winner.flat())].sort((a, b) => a - b);
  const sign = (option: number) => (option === 0 ? "–" : (signs[option - 1] ?? "?"));
  const tone = (option: number) => `var(${tones[option % tones.length]})`;
  const nearest = (values: number[], to: number) =>
    values.reduce((best, value, index) => (Math.abs(value - to) < Math.abs(values[best]! - to) ? index : best), 0);
  const [here, there] = [nearest(map.volumes, map.today_volume), nearest(map.duties, map.today_duty)];
  return (
    <>
      <ul className="legend" aria-label="Ways">
        {seen.map((option) => (
          <li key={option}>
            <b className="swatch" style={{ borderColor: tone(option) }}>
              {sign(option)}
            </b>{" "}
            {map.options[option]}
          </li>
        ))}
        <li>
          <b className="swatch today">◎</b> nearest to today
        </li>
      </ul>
      <div className="scroll" tabIndex={0} role="region" aria-label={`Switch map of ${map.area}`}>
        <table className="switch">
          <caption>Gain over using only the plants that run, {currency} over the horizon, if committed at the first gate and alone</caption>
          <thead>
            <tr>
              <th className="num">cars a year</th>
              {map.duties.map((duty) => (
                <th key={duty} className="num">
                  duty {percent(duty)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {map.volumes.map((volume, row) => (
              <tr key={volume}>
                <th scope="row" className="num">
                  {cars(volume)}
                </th>
                {map.duties.map((duty, column) => {
                  const winner = map.winner[row]![column]!;
                  return (
                    <td key={duty} className="num" style={{ boxShadow: `inset 0 -4px 0 ${tone(winner)}` }}>
                      {row === here && column === there && <b aria-label="nearest to today">◎ </b>}
                      <b>{sign(winner)}</b>
                      {winner > 0 && <> {money(map.gain[row]![column], "").trim()}</>}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
