import type { Schemas } from "../api";
import { number, percent } from "../numbers";

/** Of the events given odds in one band, how many happened: a bar from 0 to 100 % with its 90 % interval and a mark at what was said. */
export function Calibration({ score }: { score: Schemas["ScoreOut"] }) {
  if (score.bands.length === 0) return null;
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Calibration">
      <table>
        <caption>
          The thin bar is the 90 % interval of what happened, ◆ what happened, ┃ what was said: well-calibrated odds keep ┃ within the bar
        </caption>
        <thead>
          <tr>
            <th>odds said</th>
            <th className="num">how often</th>
            <th className="num">said, mean</th>
            <th className="num">happened</th>
            <th>0 to 100 %</th>
          </tr>
        </thead>
        <tbody>
          {score.bands.map((band) => (
            <tr key={band.low}>
              <th scope="row" className="plain">
                {percent(band.low)}
                {"\u00a0–\u00a0"}
                {percent(band.high)}
              </th>
              <td className="num">{number(band.count)}</td>
              <td className="num">{percent(band.stated)}</td>
              <td className="num">{percent(band.happened)}</td>
              <td>
                <span className="span" role="img" aria-label={`between ${percent(band.happened_low)} and ${percent(band.happened_high)}`}>
                  <i style={{ left: `${100 * band.happened_low}%`, right: `${100 - 100 * band.happened_high}%` }} />
                  <em style={{ left: `${100 * band.happened}%` }} />
                  <b style={{ left: `${100 * band.stated}%` }} />
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
